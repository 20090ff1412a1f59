"""A server's rules as a file that is read on another server: names stand in place of Discord's ids. Pure.

What is missing in a file stays as it is where it is imported; null is what a setting is at first. Limits of
members, blocks, grants and a pause are about people and moments, and don't go along.
"""

import json
from codecs import BOM_UTF8
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Annotated, Any, Literal, Self

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, ValidationError, model_validator

from bot.admission.blocklist import MAX_WORDS, WORD_MAX_LENGTH, clean_word
from bot.admission.parsing import LONGEST_SPAN, MAX_CREDITS, MAX_VIDEOS
from bot.db.models import Placement, Unreviewed
from bot.db.review_models import ReviewStage
from bot.errors import BadInputError
from bot.i18n import _
from bot.moderation.rules import MAX_RULES
from bot.moderation.snapshots import snapshot_of_limits
from bot.policy.documents import (
    MAX_CHANNELS,
    MAX_NEW_DAYS,
    MAX_NEW_VIDEOS,
    MAX_STEPS,
    MAX_STRIKES,
    LimitKind,
    Period,
    Policy,
    Reviewed,
    ReviewRule,
    Scope,
    ServerSettings,
    Step,
    StrikeRules,
)
from bot.policy.strikes import climbs
from bot.text import clean, shorten

FORMAT = "veo-bot rules"
VERSION = 1
MAX_BYTES = 512 * 1024  # more than the largest file that is written here
NAME_LENGTH = 100  # characters; Discord takes no longer names of servers, roles and channels
MAX_MODELS = 100
LONGEST_VIDEO = 3600  # seconds
OF_REVIEW = frozenset({"review", "review_stage", "review_timeout"})  # one safeguard: all of it, or nothing
FIELD_LENGTH = 60  # characters of a field's name that are shown


def _entry(text: str) -> str:
    try:
        return clean_word(text)
    except BadInputError as error:
        raise ValueError from error


Name = Annotated[str, Field(min_length=1, max_length=NAME_LENGTH)]
Word = Annotated[str, Field(max_length=2 * WORD_MAX_LENGTH), AfterValidator(_entry)]
Maximum = Annotated[int, Field(ge=0, le=MAX_VIDEOS)] | None  # None: unlimited
Limits = dict[LimitKind, Maximum]
Credits = Annotated[float, Field(ge=0, le=MAX_CREDITS, allow_inf_nan=False)]


class Written(BaseModel):
    """Base of what stands in a file: nothing is taken for something else, and nothing unknown passes."""

    model_config = ConfigDict(strict=True, extra="forbid", frozen=True)


class OfNewcomers(Written):
    """Newcomers' requests wait for moderators; 0: that doesn't count."""

    who: Literal["newcomers"]
    days: int = Field(ge=0, le=MAX_NEW_DAYS)
    videos: int = Field(ge=0, le=MAX_NEW_VIDEOS)

    @model_validator(mode="after")
    def _ensure_some(self) -> Self:
        if not (self.days or self.videos):
            raise ValueError
        return self


class OfRole(Written):
    """Those of a role's members wait."""

    who: Literal["role"]
    role: Name


class OfEverybody(Written):
    """Everybody's wait."""

    who: Literal["everybody"]


Review = Annotated[OfNewcomers | OfRole | OfEverybody, Field(discriminator="who")]


class WrittenSettings(Written):
    """As of `bot.policy.documents.ServerSettings`; null: all channels or models."""

    channels: Annotated[list[Name], Field(min_length=1, max_length=MAX_CHANNELS)] | None = None
    models: Annotated[list[Name], Field(min_length=1, max_length=MAX_MODELS)] | None = None
    longest_duration: Annotated[int, Field(ge=1, le=LONGEST_VIDEO)] | None = None
    highest_resolution: Name | None = None
    placement: Placement | None = None
    ask_first: bool = False
    moderators_channel: Name | None = None
    saves_at_once: bool = False
    review: Review | None = None
    review_stage: ReviewStage = ReviewStage.MADE
    review_timeout: Unreviewed = Unreviewed.END


class RoleLimits(Written):
    """The limits of one role."""

    role: Name
    limits: Limits = Field(min_length=1)


class WrittenLimits(Written):
    """The server's limits, and those of roles."""

    server: Limits
    roles: list[RoleLimits] = Field(max_length=MAX_RULES)


class WrittenBudget(Written):
    """A budget, in the provider's credits."""

    credits: Credits


class WrittenStep(Written):
    """A step of the ladder; `pause`: seconds; null: until a moderator ends it."""

    strikes: int = Field(ge=1, le=MAX_STRIKES)
    pause: Annotated[int, Field(ge=1, le=LONGEST_SPAN.total_seconds())] | None


class WrittenStrikes(Written):
    """The ladder of strikes."""

    days: int = Field(ge=1, le=30)
    steps: list[WrittenStep] = Field(min_length=1, max_length=MAX_STEPS)

    @model_validator(mode="after")
    def _ensure_climbing(self) -> Self:
        if not climbs(self.rules.steps):
            raise ValueError
        return self

    @property
    def rules(self) -> StrikeRules:
        """The rules as the server's document has them."""
        steps = tuple(Step(strikes=step.strikes, pause=step.pause) for step in self.steps)
        return StrikeRules(days=self.days, steps=steps)


class Portable(Written):
    """The whole file."""

    format: Literal["veo-bot rules"]
    version: Literal[1]
    server: Name
    settings: WrittenSettings = WrittenSettings()
    limits: WrittenLimits | None = None
    budgets: dict[Period, WrittenBudget] | None = None
    words: Annotated[list[Word], Field(max_length=MAX_WORDS)] | None = None
    strikes: WrittenStrikes | None = None


class _Head(BaseModel):
    """The head of a file, which tells whose it is."""

    model_config = ConfigDict(strict=True, extra="ignore")

    format: Literal["veo-bot rules"]
    version: int = Field(ge=1)


@dataclass(frozen=True, slots=True)
class ServerNames:
    """The names of a server, its roles and its channels, by their ids.

    Attributes:
        moderator_channels: those of the channels that can be for moderators.
        postable: those of `moderator_channels` in which the bot can post.
    """

    server: str
    roles: Mapping[int, str]
    channels: Mapping[int, str]
    moderator_channels: frozenset[int] = frozenset()
    postable: frozenset[int] = frozenset()


def write_rules(policy: Policy, names: ServerNames) -> bytes:
    """Return a server's rules as a file; what is about deleted roles or channels alone is left out."""
    roles = [(name, _limits(policy, Scope.ROLE, role_id)) for role_id, name in names.roles.items()]
    document = {
        "format": FORMAT,
        "version": VERSION,
        "server": names.server,
        "settings": _settings(policy, names),
        "limits": {
            "server": _limits(policy, Scope.SERVER, 0),
            "roles": [{"role": name, "limits": limits} for name, limits in roles if limits],
        },
        "budgets": {period: {"credits": budget.credits} for period, budget in policy.budgets.items()},
        "words": policy.words,
        "strikes": policy.strikes and policy.strikes.model_dump(mode="json"),
    }
    return json.dumps(document, indent=2, ensure_ascii=False).encode()


def read_rules(content: bytes) -> Portable:
    """Return what a file says.

    Raises:
        BadInputError: it's another program's, a later version's, damaged, or says what can't be.
    """
    content = content.removeprefix(BOM_UTF8)  # some editors write it
    try:
        head = _Head.model_validate_json(content)
    except ValidationError as error:
        raise BadInputError(
            _("This isn't a file from `/veo-admin export`, or it's damaged. Nothing changed.")
        ) from error
    if head.version > VERSION:
        raise BadInputError(
            _("This file is from a newer version of the bot, and this one can't read it. Nothing changed.")
        )
    try:
        return Portable.model_validate_json(content)
    except ValidationError as error:
        raise BadInputError(_what_is_wrong(error)) from error


def _settings(policy: Policy, names: ServerNames) -> dict[str, Any]:
    """Return the settings with names; one that can't be named isn't there, since null would mean all."""
    document = policy.model_dump(mode="json", include=set(ServerSettings.model_fields))
    channels = sorted(names.channels[each] for each in policy.channels if each in names.channels)
    settings: dict[str, Any] = {
        **document,
        "channels": channels or None,
        "models": sorted(policy.models) or None,
        "review": _review(policy.review, names),
    }
    channel_id = settings.pop("moderators_channel_id")
    settings["moderators_channel"] = names.channels.get(channel_id)
    nameless = {
        "channels": policy.channels and not channels,
        "moderators_channel": channel_id and not settings["moderators_channel"],
        **dict.fromkeys(OF_REVIEW, policy.review and not settings["review"]),
    }
    return {name: value for name, value in settings.items() if not nameless.get(name)}


def _review(rule: ReviewRule | None, names: ServerNames) -> dict[str, Any] | None:
    match rule:
        case ReviewRule(who=Reviewed.NEWCOMERS):
            return {"who": rule.who, "days": rule.days, "videos": rule.videos}
        case ReviewRule(who=Reviewed.ROLE):
            name = names.roles.get(rule.role_id)
            return {"who": rule.who, "role": name} if name else None
        case _:
            return rule and {"who": rule.who}


def _limits(policy: Policy, scope: Scope, subject_id: int) -> dict[str, int | None]:
    return snapshot_of_limits(scope, subject_id, LimitKind)(policy) or {}


def _what_is_wrong(error: ValidationError) -> str:
    """Return where the first thing is that can't be used, in the words of the file."""
    first = error.errors(include_url=False, include_input=False, include_context=False)[0]
    field = shorten(clean(".".join(map(str, first["loc"]))), FIELD_LENGTH).replace("`", "'")
    match first["type"]:
        case "extra_forbidden":
            return _("I don't know `{field}` in this file. Nothing changed.", field=field)
        case "missing":
            return _("`{field}` is missing in this file. Nothing changed.", field=field)
        case "too_long":
            return _("`{field}` has too many entries in this file. Nothing changed.", field=field)
        case _:
            return _("I can't use what this file says at `{field}`. Nothing changed.", field=field)
