"""The settings of a server: one row for each, by which it is offered, parsed, shown and logged."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from itertools import combinations
from typing import Any, LiteralString

import discord

from bot.admission.availability import durations, resolutions
from bot.db.models import Placement, Unreviewed
from bot.db.review_models import ReviewStage
from bot.escape import plain
from bot.i18n import N_, _, ngettext, pgettext
from bot.policy.phrases import seconds
from bot.provider.catalogue import Model
from bot.usage.text import model_label
from cogs.moderation.review_setting import (
    STAGES,
    TIMEOUTS,
    parse_review,
    review_text,
    stage_text,
    timeout_text,
)
from cogs.moderation.setting_parsers import (
    ANY,
    ensure_offered,
    parse_channels,
    parse_models,
    parse_moderators_channel,
)

MODEL_LENGTH = 48  # characters of a model's id
LOGGED = 3  # channels or models of one setting in the audit log


@dataclass(frozen=True, slots=True)
class Known:
    """The server that an entered value is checked against; `models`: those that the bot offers."""

    guild: discord.Guild
    models: Sequence[Model]


@dataclass(frozen=True, slots=True)
class ServerSetting:
    """One setting.

    Args:
        field: of `bot.policy.documents.ServerSettings`.
        option: of `/veo-admin settings`, with its `description` and, where it has some, its `choices`.
        name: in the list of settings, in the audit log, and among what can be reset.
        show: a value in words, as the document or its JSON has it; of a set, one of its values.
        show_unset: what it is while nothing is set.
        parse: what was entered, as the document keeps it; raises `BadInputError`.
    """

    field: str
    option: str
    description: str
    name: LiteralString
    show: Callable[[Any], str]
    show_unset: Callable[[], str]
    parse: Callable[[Any, Known], Any]
    choices: Mapping[Any, str] | None = None

    def in_words(self, value: Any, max_values: int | None = None) -> str:
        """Return a value in words; `max_values`: of a set that are named; the log's JSON keeps its order."""
        if not value:
            return self.show_unset()
        if not isinstance(value, list | frozenset):
            return self.show(value)
        values: list[Any] = value if isinstance(value, list) else sorted(value)  # pyright: ignore[reportUnknownVariableType, reportUnknownArgumentType]: the JSON of a set is a list of anything
        shown, more = (
            ", ".join(map(self.show, values[:max_values])),
            len(values[max_values:] if max_values else []),
        )
        if not more:
            return shown
        return ngettext("{shown} and {count} more", "{shown} and {count} more", more, shown=shown)


def told_apart(*states: Mapping[str, Any]) -> list[dict[str, Any]]:
    """Return up to three states of settings, each set in such an order that its beginning tells them apart.

    First comes a value for each two states that differ, then whatever is in the fewest of them.
    """

    def in_order(name: str, value: Any) -> Any:
        if not isinstance(value, list):
            return value
        sets = [set[Any](state.get(name) or ()) for state in states]
        firsts = {min(one ^ other) for one, other in combinations(sets, 2) if one != other}
        return sorted(value, key=lambda each: (each not in firsts, sum(each in one for one in sets), each))  # pyright: ignore[reportUnknownArgumentType, reportUnknownVariableType, reportUnknownLambdaType]: the JSON of a set is a list of anything

    return [{name: in_order(name, value) for name, value in state.items()} for state in states]


def setting_changes(
    old: Mapping[str, Any], new: Mapping[str, Any], max_values: int | None = LOGGED
) -> list[str]:
    """Return what differs, such as "Longest video: any → 6 seconds", by the settings' fields.

    `max_values`: of a set that are named; None: all of them.
    """
    old, new = told_apart(old, new)
    shown = [
        (field, _logged(field, old.get(field), max_values), _logged(field, value, max_values))
        for field, value in new.items()
    ]
    return [f"{_name_of(field)}: {before} → {now}" for field, before, now in shown if before != now]


def setting_states(snapshot: Mapping[str, Any]) -> dict[str, str]:
    """Return what settings are, such as "6 seconds" for "Longest video", by their names in words."""
    return {_name_of(field): _logged(field, value) for field, value in snapshot.items()}


def _name_of(field: str) -> str:
    return _(SETTINGS[field].name) if field in SETTINGS else field


def _logged(field: str, value: Any, max_values: int | None = LOGGED) -> str:
    return SETTINGS[field].in_words(value, max_values) if field in SETTINGS else _plain(value)


def _any() -> str:
    return pgettext("duration or resolution", "any")


def _channel(channel_id: int) -> str:
    return f"<#{channel_id}>"


def _plain(value: Any) -> str:
    return plain(str(value), MODEL_LENGTH)


def _placement(placement: Placement | None = None) -> str:
    if placement == Placement.CHANNEL:
        return _("in the channel, as replies")
    return _("in threads, where possible")


def _yes_or_no(is_on: bool = False) -> str:  # noqa: FBT002 the value of a setting
    return _("yes") if is_on else _("no")


_ROWS = (
    ServerSetting(
        field="channels",
        option="channels",
        description="Where /veo works: channels such as #videos #art (with their threads), or all",
        name=N_("Channels and their threads"),
        show=_channel,
        show_unset=lambda: pgettext("channels", "all"),
        parse=lambda text, known: parse_channels(text, known.guild),
    ),
    ServerSetting(
        field="models",
        option="models",
        description="Allowed models: names separated by commas, or all",
        name=N_("Models"),
        show=lambda model_id: _plain(model_label(model_id)),
        show_unset=lambda: pgettext("models", "all"),
        parse=lambda text, known: parse_models(text, known.models),
    ),
    ServerSetting(
        field="longest_duration",
        option="longest_duration",
        description="The longest video",
        name=N_("Longest video"),
        show=seconds,
        show_unset=_any,
        parse=lambda value, _: ensure_offered(value, durations()) if value else None,
        choices={**{value: f"{value} seconds" for value in durations()}, 0: ANY},
    ),
    ServerSetting(
        field="highest_resolution",
        option="highest_resolution",
        description="The highest resolution",
        name=N_("Highest resolution"),
        show=_plain,
        show_unset=_any,
        parse=lambda value, _: None if value == ANY else ensure_offered(value, resolutions()),
        choices={**{value: value for value in resolutions()}, ANY: ANY},
    ),
    ServerSetting(
        field="placement",
        option="delivery",
        description="Where videos go",
        name=N_("Where videos go"),
        show=_placement,
        show_unset=_placement,
        parse=lambda value, _: Placement(ensure_offered(value, [placement.value for placement in Placement])),
        choices={
            Placement.THREAD.value: N_("thread: in a thread below the request"),
            Placement.CHANNEL.value: N_("channel: as a reply to the request"),
        },
    ),
    ServerSetting(
        field="ask_first",
        option="ask_first",
        description="Show members the price first and let them confirm it",
        name=N_("Members confirm the price"),
        show=_yes_or_no,
        show_unset=_yes_or_no,
        parse=lambda value, _: value,
    ),
    ServerSetting(
        field="moderators_channel_id",
        option="moderators_channel",
        description="Where I post reports, members' questions, requests to approve and the moderators' log",
        name=N_("Moderators' channel"),
        show=_channel,
        show_unset=lambda: pgettext("channel", "none"),
        parse=lambda channel, known: parse_moderators_channel(channel, known.guild),
    ),
    ServerSetting(
        field="saves_at_once",
        option="preview_limits",
        description="Before saving limits, budgets, words or settings, show what they would have done",
        name=N_("Preview of changes"),
        show=lambda _: _yes_or_no(),
        show_unset=lambda: _yes_or_no(is_on=True),
        parse=lambda is_shown, _: not is_shown,
    ),
    ServerSetting(
        field="review",
        option="review",
        description="Whose requests you approve first: nobody, newcomers 7 days 3 videos, @role, everybody",
        name=N_("Requests that need your approval"),
        show=review_text,
        show_unset=lambda: pgettext("review", "nobody"),
        parse=lambda text, known: parse_review(text, known.guild.id, [role.id for role in known.guild.roles]),
    ),
    ServerSetting(
        field="review_stage",
        option="review_stage",
        description="When you approve requests",
        name=N_("When you approve requests"),
        show=stage_text,
        show_unset=stage_text,
        parse=lambda value, _: ReviewStage(ensure_offered(value, list(STAGES))),
        choices=STAGES,
    ),
    ServerSetting(
        field="review_timeout",
        option="review_timeout",
        description="What happens to a finished video that nobody approves or declines within 24 hours",
        name=N_("Finished videos left undecided for 24 hours"),
        show=timeout_text,
        show_unset=timeout_text,
        parse=lambda value, _: Unreviewed(ensure_offered(value, list(TIMEOUTS))),
        choices=TIMEOUTS,
    ),
)
SETTINGS: Mapping[str, ServerSetting] = {row.field: row for row in _ROWS}  # in the order of the list
