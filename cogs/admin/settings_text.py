"""The settings of a server in words. Pure text."""

from collections.abc import Collection, Mapping
from typing import LiteralString

from bot.admission.availability import must_choose, possible_models
from bot.db.models import Placement
from bot.escape import plain
from bot.i18n import N_, _, format_and, pgettext
from bot.policy.documents import Policy
from bot.policy.phrases import seconds
from bot.provider.catalogue import get_model
from bot.timestamps import relative_time
from cogs.veo.quote_text import ask_first_text

MODEL_LENGTH = 64  # characters of a model's id

# The names of settings, by the fields of `Policy`; the order is that of the list.
NAMES: Mapping[str, LiteralString] = {
    "channels": N_("Channels"),
    "models": N_("Models"),
    "longest_duration": N_("Longest video"),
    "highest_resolution": N_("Highest resolution"),
    "placement": N_("Where videos go"),
    "ask_first": N_("Price first"),
    "moderators_channel_id": N_("Moderators' channel"),
}


def render_settings(policy: Policy, changed: Collection[str] = ()) -> str:
    """Return all settings; `changed`: the fields that were just set, which are marked."""
    values = _values(policy)
    lines = [f"- **{_name(field, is_new=field in changed)}:** {values[field]}" for field in NAMES]
    heading = _("✅ **Saved.** The settings are now:") if changed else _("⚙️ **Settings of this server**")
    notes = [_choose_note(policy), _pause_note(policy), "" if changed else _(HOW_TO_CHANGE)]
    return "\n".join([heading, *lines, *(note for note in notes if note)])


HOW_TO_CHANGE = N_(
    "To change settings, use this command with options. Blocked words: `/veo-admin words "
    "list`. Blocked members: `/veo-admin blocked`."
)


def _name(field: str, *, is_new: bool) -> str:
    name = _(NAMES[field])
    return _("{setting} (new)", setting=name) if is_new else name


def _values(policy: Policy) -> dict[str, str]:
    longest = policy.longest_duration
    board = policy.moderators_channel_id
    return {
        "channels": _channels(policy.channels),
        "models": _models(policy.models),
        "longest_duration": _any() if longest is None else seconds(longest),
        "highest_resolution": policy.highest_resolution or _any(),
        "placement": _placement(policy.placement),
        "ask_first": ask_first_text(is_on=policy.ask_first),
        "moderators_channel_id": _("none, so nobody sees reports from members")
        if board is None
        else f"<#{board}>",
    }


def _any() -> str:
    return pgettext("duration or resolution", "any")


def _channels(channels: Collection[int]) -> str:
    if not channels:
        return pgettext("channels", "all")
    named = ", ".join(f"<#{channel}>" for channel in sorted(channels))
    return _("{channels}, and their threads", channels=named)


def _models(models: Collection[str]) -> str:
    if not models:
        return pgettext("models", "all")
    return ", ".join(_label(model_id) for model_id in sorted(models))


def _label(model_id: str) -> str:
    model = get_model(model_id)
    if model is not None:
        return model.label
    return _("{model} (no longer available)", model=plain(model_id, MODEL_LENGTH))


def _placement(placement: Placement | None) -> str:
    if placement is Placement.CHANNEL:
        return _("in the channel, as a reply")
    return _("in a thread, where possible")


def _choose_note(policy: Policy) -> str:
    if not possible_models(policy):
        return _("❌ **No video is possible with these settings.** Please change them.")
    options = must_choose(policy)
    if not options:
        return ""
    named = format_and(f"`{option}`" for option in options)
    return _(
        "ℹ️ Members must choose {options} each time, because the defaults exceed the limit.",
        options=named,
    )


def _pause_note(policy: Policy) -> str:
    if policy.pause is None:
        return ""
    return _("⏸️ /veo was paused {when}.", when=relative_time(policy.pause.since))
