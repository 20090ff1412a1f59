"""A file of rules matched to a server: roles and channels by their names, as far as they exist. Pure."""

from collections import Counter
from collections.abc import Collection, Iterable, Mapping
from datetime import datetime
from enum import StrEnum
from typing import Any

from bot.admission.availability import durations, resolutions
from bot.admission.blocklist import fold
from bot.moderation.portable import (
    OF_REVIEW,
    OfNewcomers,
    OfRole,
    Portable,
    Review,
    ServerNames,
    WrittenLimits,
)
from bot.moderation.rules import ensure_not_too_many
from bot.policy.documents import (
    Budget,
    Document,
    LimitKind,
    Period,
    Policy,
    Reviewed,
    ReviewRule,
    Rule,
    Scope,
)

FIELDS = {"moderators_channel": "moderators_channel_id"}  # where the file calls them otherwise


class Kind(StrEnum):
    """The kind of a name in a file."""

    ROLE = "role"
    CHANNEL = "channel"
    MODEL = "model"


class Why(StrEnum):
    """Why it can't be used here."""

    MISSING = "missing"
    AMBIGUOUS = "ambiguous"  # here or in the file
    UNWRITABLE = "unwritable"  # the bot can't post there


class LeftOut(Document):
    """A name that isn't used."""

    kind: Kind
    name: str
    why: Why


class Imported(Document):
    """The content of an import.

    Attributes:
        server: what the server is called that the file is from.
        fields: those of `policy` that take the place of the server's.
        left_out: what couldn't be matched.
        staying: the settings that stay as they are because of that.
        untouched: roles whose limits stay, since the file's can't be told to be theirs.
    """

    server: str
    policy: Policy
    fields: frozenset[str]
    left_out: tuple[LeftOut, ...] = ()
    staying: tuple[str, ...] = ()
    untouched: frozenset[int] = frozenset()

    def applied_to(self, policy: Policy, now: datetime) -> Policy:
        """Return a server's document with what is imported.

        Raises:
            BadInputError: there would be too many rules.
        """
        update = {field: getattr(self.policy, field) for field in self.fields}
        if "rules" in self.fields:
            kept = (rule for rule in policy.rules if self._stays(rule))
            update["rules"] = (*kept, *self.policy.rules)
        if "budgets" in self.fields:
            update["budgets"] = _budgets(policy.budgets, self.policy.budgets, now)
        return ensure_not_too_many(policy.model_copy(update=update))

    def _stays(self, rule: Rule) -> bool:
        return rule.scope is Scope.MEMBER or (rule.scope is Scope.ROLE and rule.subject_id in self.untouched)


def match_rules(file: Portable, here: ServerNames, models: Collection[str], now: datetime) -> Imported:
    """Return what a file means on a server; `models`: the IDs of those that the bot offers."""
    return _Matching(file, here, models).match(now)


class _Matching:
    """Collects what is found and what isn't."""

    def __init__(self, file: Portable, here: ServerNames, models: Collection[str]) -> None:
        self._file = file
        self._here = here
        self._models = models
        self._left_out: dict[tuple[Kind, str], LeftOut] = {}
        self._untouched: set[int] = set()
        self._roles = _by_name(here.roles.items())
        self._channels = _by_name(here.channels.items())

    def match(self, now: datetime) -> Imported:
        found, staying = self._settings()
        file = self._file
        if file.limits is not None:
            found["rules"] = self._rules(file.limits)
        if file.budgets is not None:
            budgets = file.budgets.items()
            found["budgets"] = {period: Budget(credits=each.credits, since=now) for period, each in budgets}
        if file.words is not None:
            found["words"] = tuple({fold(word): word for word in file.words}.values())
        if "strikes" in file.model_fields_set:
            found["strikes"] = file.strikes and file.strikes.rules
        return Imported(
            server=file.server,
            policy=Policy().model_copy(update=found),
            fields=frozenset(found),
            left_out=tuple(self._left_out.values()),
            staying=tuple(staying),
            untouched=frozenset(self._untouched),
        )

    def _settings(self) -> tuple[dict[str, Any], list[str]]:
        """Return the settings that can be used, by the document's fields, and those that can't."""
        written, initial = self._file.settings, Policy()
        found, staying = dict[str, Any](), list[str]()
        for name in written.model_fields_set:
            value, field = getattr(written, name), FIELDS.get(name, name)
            matched = getattr(initial, field) if value is None else self._find_setting(name, value)
            if value is not None and (matched is None or matched == frozenset()):
                staying.append(field)  # an empty set would mean all channels, or all models
            else:
                found[field] = matched
        if "review" in staying:
            staying += OF_REVIEW & found.keys()
            found = {field: value for field, value in found.items() if field not in OF_REVIEW}
        return found, sorted(staying)

    def _find_setting(self, name: str, value: Any) -> Any:
        """Return what a setting's value is here; None, or nothing: it isn't anything here."""
        match name:
            case "channels":
                return self._find_channels(value)
            case "models":
                return self._find_models(value)
            case "longest_duration":
                return value if value in durations() else None
            case "highest_resolution":
                return value if value in resolutions() else None
            case "moderators_channel":
                return self._find_moderators_channel(value)
            case "review":
                return self._find_review(value)
            case _:
                return value

    def _find_channels(self, names: Iterable[str]) -> frozenset[int]:
        found = (self._find(Kind.CHANNEL, name, self._channels) for name in names)
        return frozenset(channel_id for channel_id in found if channel_id is not None)

    def _find_models(self, ids: Iterable[str]) -> frozenset[str]:
        found = frozenset(ids) & frozenset(self._models)
        for name in sorted(frozenset(ids) - found):
            self._leave_out(Kind.MODEL, name, Why.MISSING)
        return found

    def _find_moderators_channel(self, name: str) -> int | None:
        channels = {each: self._here.channels[each] for each in self._here.moderator_channels}
        found = self._find(Kind.CHANNEL, name, _by_name(channels.items()))
        if found is None or found in self._here.postable:
            return found
        self._leave_out(Kind.CHANNEL, name, Why.UNWRITABLE)
        return None

    def _find_review(self, written: Review) -> ReviewRule | None:
        match written:
            case OfNewcomers():
                return ReviewRule(who=Reviewed.NEWCOMERS, days=written.days, videos=written.videos)
            case OfRole():
                role_id = self._find(Kind.ROLE, written.role, self._roles)
                return None if role_id is None else ReviewRule(who=Reviewed.ROLE, role_id=role_id)
            case _:
                return ReviewRule(who=Reviewed.EVERYBODY)

    def _rules(self, written: WrittenLimits) -> tuple[Rule, ...]:
        rules = _of(Scope.SERVER, 0, written.server)
        times = Counter(each.role for each in written.roles)
        for each in written.roles:
            role_id = self._find(Kind.ROLE, each.role, self._roles)
            if times[each.role] > 1:
                self._leave_out(Kind.ROLE, each.role, Why.AMBIGUOUS)
            elif role_id is not None:
                rules += _of(Scope.ROLE, role_id, each.limits)
                continue
            self._untouched |= set(self._roles.get(each.role, ()))
        return tuple(rules)

    def _find(self, kind: Kind, name: str, ids: Mapping[str, Collection[int]]) -> int | None:
        """Return the only one of this name; None: there is none, or there are several, which is noted."""
        found = ids.get(name, ())
        if len(found) != 1:
            self._leave_out(kind, name, Why.AMBIGUOUS if found else Why.MISSING)
            return None
        return next(iter(found))

    def _leave_out(self, kind: Kind, name: str, why: Why) -> None:
        self._left_out[kind, name] = LeftOut(kind=kind, name=name, why=why)


def _by_name(names: Iterable[tuple[int, str]]) -> dict[str, list[int]]:
    found: dict[str, list[int]] = {}
    for number, name in names:
        found.setdefault(name, []).append(number)
    return found


def _of(scope: Scope, subject_id: int, limits: Mapping[LimitKind, int | None]) -> list[Rule]:
    return [Rule(scope=scope, subject_id=subject_id, kind=kind, most=most) for kind, most in limits.items()]


def _budgets(
    old: Mapping[Period, Budget], new: Mapping[Period, Budget], now: datetime
) -> dict[Period, Budget]:
    """Return the new budgets; one that stays the same isn't warned about again."""
    return {
        period: old[period]
        if period in old and old[period].credits == budget.credits
        else budget.model_copy(update={"since": now})
        for period, budget in new.items()
    }
