"""The preview of settings refuses just what the service refuses once they are saved."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from itertools import count
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from bot.db.database import Database
from bot.db.models import Status
from bot.policy.documents import Policy
from bot.preview.comparison import ONLY_NOW, ONLY_THEN, total
from bot.preview.contents import compare_contents, settings_check
from bot.preview.history import SPAN
from bot.preview.proposal import REFUSING, NewSettings, Proposal, fingerprint, is_worth_showing, narrows
from bot.provider.catalogue import CATALOGUE
from bot.provider.input_kinds import InputKind
from bot.requests.spec import RequestSpec
from tests.bot.preview.really import really_refused
from tests.bot.rows import new_row
from tests.examples import SCALE

NOW = datetime(2026, 4, 15, 12, 30, tzinfo=UTC)
servers = count(30_000)
MODELS = [model for model in CATALOGUE if model.kind is InputKind.TEXT]
# Two channels, a thread in each, and a thread that nobody knows any more.
VIDEOS, ART, IN_VIDEOS, IN_ART, ARCHIVED = 2, 3, 20, 30, 40
CHANNELS = {VIDEOS: None, ART: None, IN_VIDEOS: VIDEOS, IN_ART: ART}


@dataclass(frozen=True)
class Wish:
    """A request of the past, as hypothesis draws it."""

    minutes: int
    channel_id: int
    model: str
    options: dict[str, Any]

    @property
    def at(self) -> datetime:
        """When it was made."""
        return NOW - timedelta(minutes=self.minutes)


@st.composite
def wishes(draw: st.DrawFn) -> Wish:
    """Draw a request for a model with options that it has; those that aren't chosen have their defaults."""
    model = draw(st.sampled_from(MODELS))
    chosen = {name: draw(st.none() | st.sampled_from(option.choices)) for name, option in sized(model)}
    options = {name: value for name, value in chosen.items() if value is not None}
    minutes, channels = st.integers(1, int(SPAN.total_seconds()) // 60), st.sampled_from([*CHANNELS])
    return Wish(draw(minutes), draw(channels), model.id, options)


def sized(model: Any) -> list[tuple[str, Any]]:
    """Return the options that settings limit."""
    found = [(name, model.option(name)) for name in ("duration", "resolution")]
    return [(name, option) for name, option in found if option is not None]


changes = st.fixed_dictionaries(
    {},
    optional={
        "channels": st.frozensets(st.sampled_from([VIDEOS, ART, IN_ART]), max_size=2),
        "models": st.frozensets(st.sampled_from([model.id for model in MODELS]), max_size=3),
        "longest_duration": st.sampled_from([None, 4, 6, 8]),
        "highest_resolution": st.sampled_from([None, "720P", "1080P"]),
    },
)


def in_order(drawn: Sequence[Wish]) -> list[Wish]:
    """Return them as they were made, none at the same time as another."""
    return sorted({wish.at: wish for wish in drawn}.values(), key=lambda wish: wish.at)


async def refused_under(database: Database, drawn: Sequence[Wish], policy: Policy) -> list[datetime]:
    asked = [(wish.at, RequestSpec(wish.model, "a cat", wish.options)) for wish in drawn]
    channels = [(wish.channel_id, CHANNELS.get(wish.channel_id)) for wish in drawn]
    return await really_refused(database, policy, asked, channels=channels)


@pytest.mark.nightly(daily=["sqlite"])
@pytest.mark.both_engines
@settings(max_examples=14 * SCALE, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.lists(wishes(), max_size=12).map(in_order), changes, changes)
async def test_the_preview_refuses_what_the_service_refuses(
    database: Database, drawn: list[Wish], old: dict[str, Any], new: dict[str, Any]
) -> None:
    guild_id, policy = next(servers), Policy(**old)
    changed = policy.model_copy(update=new)
    rows = [
        new_row(
            guild_id=guild_id,
            channel_id=wish.channel_id,
            user_id=11,
            created_at=wish.at,
            finished_at=wish.at,
            status=Status.SUCCEEDED,
            model=wish.model,
            options=wish.options,
            credits_used=1.0,
        )
        for wish in drawn
    ]
    await database.write(lambda session: session.add_all(rows))
    comparison = await compare_contents(
        database, guild_id, settings_check(new, policy, changed, CHANNELS), NOW
    )
    assert (comparison.requests, comparison.unknown, comparison.unsure) == (len(drawn), 0, 0)
    refused = comparison.refused
    assert refused == await refused_under(database, drawn, Policy(**new))
    now, then = [set(await refused_under(database, drawn, each)) for each in (policy, changed)]
    assert (comparison.refused_now, comparison.refused_twice) == (len(now), len(now.intersection(refused)))
    by_day = total(comparison.days)
    assert (by_day[ONLY_NOW], by_day[ONLY_THEN]) == (len(now - then), len(then - now))
    assert comparison.saved == len(then - now), "what is refused already is saved already"


@given(changes, changes)
def test_settings_are_shown_first_where_they_would_refuse_something_more(
    old: dict[str, Any], new: dict[str, Any]
) -> None:
    policy, changed = Policy(**old), Policy(**new)
    proposal = Proposal(settings=NewSettings.of(new))
    worth = is_worth_showing(proposal, policy, None)
    assert worth == any(accepts(name, policy) - accepts(name, changed) for name in new)
    assert is_worth_showing(proposal, policy, asked=True) == any(
        getattr(policy, name) != value for name, value in new.items()
    )
    assert not is_worth_showing(proposal, policy, asked=False)
    assert not is_worth_showing(proposal, policy.model_copy(update={"saves_at_once": True}), None)


def accepts(name: str, policy: Policy) -> set[Any]:
    """Return which of some values a setting accepts."""
    match name:
        case "channels":
            return set(policy.channels or {VIDEOS, ART, IN_ART, 99})
        case "models":
            return set(policy.models or {*(model.id for model in MODELS), "another"})
        case "longest_duration":
            return {seconds for seconds in (4, 6, 8, 9) if seconds <= (policy.longest_duration or 9)}
        case _:
            highest = (
                1080 if policy.highest_resolution == "1080P" else 720 if policy.highest_resolution else 4000
            )
            return {lines for lines in (720, 1080, 4000) if lines <= highest}


def test_every_setting_that_refuses_has_its_own_comparison() -> None:
    assert not any(narrows(name, Policy(), Policy()) for name in REFUSING)


@given(changes, changes, changes)
def test_settings_are_compared_with_all_that_refuse_so_that_none_of_them_changes_unseen(
    old: dict[str, Any], new: dict[str, Any], meanwhile: dict[str, Any]
) -> None:
    policy, proposal = Policy(**old), Proposal(settings=NewSettings.of({**new, "ask_first": True}))
    later = policy.model_copy(update=meanwhile)
    seen = fingerprint(policy, proposal)
    assert (seen == fingerprint(later, proposal)) == (policy == later)
    assert seen != fingerprint(policy.model_copy(update={"ask_first": True}), proposal)
    assert seen == fingerprint(policy.model_copy(update={"saves_at_once": True}), proposal)


async def known_and_refused(database: Database, row: dict[str, Any], **new: Any) -> tuple[int, int]:
    """Return whether it's known what becomes of a request, and whether it's refused."""
    guild_id = next(servers)
    request = new_row(guild_id=guild_id, created_at=NOW - SPAN / 2, **row)
    await database.write(lambda session: session.add(request))
    check = settings_check(new, Policy(), Policy(**new), CHANNELS)
    comparison = await compare_contents(database, guild_id, check, NOW)
    assert comparison.requests + comparison.unknown == 1
    return comparison.requests, len(comparison.refused)


async def test_a_model_that_is_gone_is_checked_by_what_its_row_says(database: Database) -> None:
    row: dict[str, Any] = {"model": "acme/old", "options": {}}
    assert await known_and_refused(database, row, models=frozenset({"google/veo3"})) == (1, 1)
    assert await known_and_refused(database, row, models=frozenset({"acme/old"})) == (1, 0)
    assert await known_and_refused(database, row, longest_duration=6) == (0, 0), "how long were its videos?"


async def test_a_thread_that_nobody_knows_is_checked_by_the_rest_of_the_settings(database: Database) -> None:
    row: dict[str, Any] = {"channel_id": ARCHIVED, "options": {"duration": 8}}
    here = frozenset({VIDEOS})
    assert await known_and_refused(database, row, channels=here) == (0, 0), "whose thread is it?"
    assert await known_and_refused(database, row, channels=here, longest_duration=6) == (1, 1)
    assert await known_and_refused(database, row, channels=here | {ARCHIVED}) == (1, 0)


async def test_where_it_is_not_known_what_is_refused_now_no_money_is_claimed(database: Database) -> None:
    guild_id = next(servers)
    row: dict[str, Any] = {"guild_id": guild_id, "created_at": NOW - SPAN / 2, "credits_used": 1.0}
    long, short = {"options": {"duration": 8}}, {"options": {"duration": 4}}
    choices = (
        {"channel_id": channel_id, **options}
        for channel_id in (ARCHIVED, ART, VIDEOS)
        for options in (long, short)
    )
    rows = [new_row(**row, **choice) for choice in choices]
    await database.write(lambda session: session.add_all(rows))
    old = Policy(channels=frozenset({VIDEOS}))
    new = old.model_copy(update={"longest_duration": 6})
    check = settings_check(["longest_duration"], old, new, CHANNELS)
    comparison = await compare_contents(database, guild_id, check, NOW)
    assert (comparison.requests, comparison.unknown, comparison.unsure) == (6, 0, 2)
    assert (len(comparison.refused), comparison.refused_twice, comparison.saved) == (3, 1, 1.0)
    assert total(comparison.days).total() == 4, "the chart shows what isn't known"


async def test_what_is_surely_refused_counts_whether_or_not_it_is_refused_now(database: Database) -> None:
    guild_id = next(servers)
    row = new_row(guild_id=guild_id, channel_id=ARCHIVED, created_at=NOW - SPAN / 2, options={"duration": 8})
    await database.write(lambda session: session.add(row))
    old = Policy(channels=frozenset({VIDEOS}))
    new = Policy(channels=frozenset({ART}), longest_duration=4)
    check = settings_check(["channels", "longest_duration"], old, new, CHANNELS)
    comparison = await compare_contents(database, guild_id, check, NOW)
    assert (comparison.requests, len(comparison.refused), comparison.unknown) == (1, 1, 0)
    assert (comparison.refused_twice, comparison.saved, comparison.has_chart) == (0, 0, False)
