"""The replay refuses just what the service refuses when the same requests are made under the same rules."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from itertools import count
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import update
from sqlalchemy.orm import Session

from bot.admission.check_request import Requester
from bot.admission.denials import RefusedError
from bot.admission.replay import RuleSet, replay
from bot.db.database import Database
from bot.db.film_models import Continuity
from bot.db.models import Generation, Placement, Status
from bot.films.rows import Film
from bot.films.script import FilmSpec
from bot.policy.documents import Budget, Grant, LimitKind, MemberPolicy, Period, Policy, Rule, Scope
from bot.policy.store import store_member_policy, store_policy
from bot.preview.history import OPEN_SPAN, SPAN, find_span, read_history
from bot.requests.spec import RequestSpec
from tests.bot.clocks import StoppedClock
from tests.bot.quoting import Desk
from tests.bot.rows import MODEL, PROMPT, new_row, numbers
from tests.examples import SCALE

NOW = datetime(2026, 4, 15, 12, 30, tzinfo=UTC)
START = NOW - SPAN  # in the middle of a month
DAILY_LIMIT = 2
MEMBERS = (11, 12, 13)
ROLES = {11: frozenset({77, 78}), 12: frozenset({77}), 13: frozenset[int]()}
servers = count(10_000)

HOUR = timedelta(hours=1)
# What becomes of a request: its status, whether it was sent, and what it costs in the end.
FATES = ((Status.SUCCEEDED, True, 3.0), (Status.FAILED, True, None), (Status.CANCELLED, False, None))


@dataclass(frozen=True)
class Wish:
    """A request of the past, as hypothesis draws it."""

    member: int
    at: datetime
    price: float
    lasts: timedelta | None
    fate: int
    shots: int  # of a film; 0: a video alone

    @property
    def videos(self) -> int:
        """How many it makes."""
        return max(1, self.shots)

    @property
    def end(self) -> dict[str, Any]:
        """What is written into its row at the end."""
        status, was_sent, cost = FATES[self.fate]
        assert self.lasts is not None
        sent_at = self.at if was_sent else None
        return {
            "status": status,
            "submitted_at": sent_at,
            "credits_used": cost,
            "finished_at": self.at + self.lasts,
        }


def rule_of(subject: tuple[Scope, int], kind: LimitKind, most: int | None) -> Rule:
    return Rule(scope=subject[0], subject_id=subject[1], kind=kind, most=most)


def budget_of(amount: int) -> Budget:
    return Budget(credits=float(amount), since=START)


def policy_of(
    a_day: int | None, at_once: int | None, rules: list[Rule], budgets: dict[Period, Budget]
) -> Policy:
    """Return a policy in which no limit is always reached before the others."""
    whole = (Scope.SERVER, 0)
    policy = Policy(budgets=budgets)
    for rule in (rule_of(whole, LimitKind.DAY, a_day), rule_of(whole, LimitKind.AT_ONCE, at_once), *rules):
        policy = policy.with_rule(rule)
    return policy if a_day != 0 else policy.without_rule(Scope.SERVER, 0, LimitKind.DAY)


def moment_of(days: int, hours: int, minutes: int) -> datetime:
    return NOW - timedelta(days=days, hours=hours, minutes=minutes)


def member_policy_of(granted: int, since: datetime, reset_at: datetime | None) -> MemberPolicy:
    grants = (Grant(amount=granted, since=since, until=since + 30 * HOUR),) if granted else ()
    return MemberPolicy(grants=grants, reset_at=reset_at)


subjects = st.sampled_from([(Scope.SERVER, 0), (Scope.ROLE, 77), (Scope.ROLE, 78), (Scope.MEMBER, 11)])
numbers_of_videos = st.none() | st.sampled_from([0, 1, 2, 2, 3, 4])
rules = st.builds(rule_of, subjects, st.sampled_from(LimitKind), numbers_of_videos)
budgets = st.dictionaries(st.sampled_from(Period), st.integers(0, 12).map(budget_of))
policies = st.builds(
    policy_of,
    st.sampled_from([None, None, 0, 3]),
    st.sampled_from([None, 1, 1, 2]),
    st.lists(rules, max_size=3),
    budgets,
)
# Requests come in clusters, so that limits are reached, and at the edges of windows.
times = st.builds(
    moment_of,
    st.sampled_from([0, 0, 0, 1, 1, 7, 15, 30, 31, 59]),
    st.integers(0, 8),
    st.sampled_from([0, 0, 1, 30]),
)
wishes = st.builds(
    Wish,
    st.sampled_from(MEMBERS),
    times,
    st.sampled_from([1.0, 2.0, 4.0]),
    st.none() | st.sampled_from([timedelta(), timedelta(minutes=5), HOUR, 30 * HOUR]),
    st.integers(0, 2),
    st.sampled_from([0, 0, 0, 2, 3]),
)
# What moderators decided about the member came while they asked for much.
lately = st.builds(moment_of, st.sampled_from([0, 1]), st.integers(1, 7), st.just(15))
member_policies = st.builds(member_policy_of, st.sampled_from([0, 1, 2]), lately, st.none() | lately)


def sorted_wishes(drawn: Sequence[Wish]) -> list[Wish]:
    """Return them in the order in which they were made, none at the same time as another."""
    known = {wish.at: wish for wish in drawn if wish.at < NOW}.values()
    # Nothing is waited for so long that the replay would not see it.
    ended = (replace(wish, lasts=HOUR) if wish.at < START - OPEN_SPAN else wish for wish in known)
    return sorted(ended, key=lambda wish: wish.at)


@pytest.mark.nightly(daily=["sqlite"])
@pytest.mark.both_engines
@settings(max_examples=10 * SCALE, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.lists(wishes, min_size=15, max_size=40).map(sorted_wishes), policies, member_policies)
async def test_the_replay_refuses_what_the_service_refuses(
    database: Database, drawn: list[Wish], policy: Policy, member_policy: MemberPolicy
) -> None:
    asked, played = next(servers), next(servers)
    await lay(database, asked, drawn)
    history = await read_history(database, asked, await find_span(database, asked, [policy], NOW))
    refused = replay(
        history.requests, history.span.start, RuleSet(policy, DAILY_LIMIT, {11: member_policy}, ROLES)
    )
    really = await play(database, played, drawn, policy, member_policy)
    assert [request.created_at for request in refused] == [
        wish.at for wish in really for _ in range(wish.videos)
    ]


async def lay(database: Database, guild_id: int, drawn: Sequence[Wish]) -> None:
    """Write the requests down as they were accepted and ended when there were no rules."""
    rows = [
        row
        for wish in drawn
        for row in rows_of(guild_id, wish, has_ended=wish.lasts is not None and wish.at + wish.lasts <= NOW)
    ]
    await database.write(lambda session: session.add_all(rows))


async def play(
    database: Database, guild_id: int, drawn: Sequence[Wish], policy: Policy, member_policy: MemberPolicy
) -> list[Wish]:
    """Make the requests one after the other with the rules in place since `START`; return the refused ones.

    What moderators decided about the member came when it came.
    """
    clock = StoppedClock()
    desk = Desk(database, clock, daily_limit=DAILY_LIMIT)
    before = [wish for wish in drawn if wish.at < START]
    await database.write(
        lambda session: (
            session.add_all([row for wish in before for row in rows_of(guild_id, wish, has_ended=False)]),
            store_policy(session, guild_id, policy),
        )
    )
    refused: list[Wish] = []
    for wish in drawn:
        if wish.at < START:
            continue
        clock.now, desk.prices.price = wish.at, wish.price
        await database.write(
            lambda session, wish=wish: let_pass(session, guild_id, drawn, wish.at, member_policy)
        )
        requester = Requester(next(numbers), guild_id, 2, wish.member, Placement.THREAD, ROLES[wish.member])
        try:
            await ask(desk, requester, wish)
        except RefusedError:
            refused.append(wish)
    return refused


async def ask(desk: Desk, requester: Requester, wish: Wish) -> None:
    """Ask the real services for a video, or for a film."""
    if not wish.shots:
        await desk.generations.request(requester, RequestSpec(MODEL, PROMPT, {}))
        return
    spec = FilmSpec("Foxes", (PROMPT,) * wish.shots, None, {"duration": 4}, (), Continuity.CUTS)
    quote = await desk.films.offer(requester, spec)
    again = replace(requester, interaction_id=next(numbers))
    assert isinstance(await desk.films.confirm(again, quote.row.id, quote.row.revision), Film)


def let_pass(
    session: Session, guild_id: int, drawn: Sequence[Wish], now: datetime, member_policy: MemberPolicy
) -> None:
    """Let the requests end that have ended by now, and moderators decide what they decided by now."""
    ended = [wish for wish in drawn if wish.lasts is not None and wish.at + wish.lasts <= now]
    for wish in ended:
        same = update(Generation).where(Generation.guild_id == guild_id, Generation.created_at == wish.at)
        session.execute(same.values(**wish.end))
    known = member_policy.as_of(now)
    if known.reset_at is not None and known.reset_at > now:
        known = known.model_copy(update={"reset_at": None})
    store_member_policy(session, guild_id, 11, known)


def rows_of(guild_id: int, wish: Wish, *, has_ended: bool) -> list[Generation]:
    """Return the rows of what was accepted."""
    film_id = f"film{next(servers)}"
    film = [{"film_id": film_id, "shot": number + 1} for number in range(wish.shots)]
    about: dict[str, Any] = {
        "guild_id": guild_id,
        "user_id": wish.member,
        "created_at": wish.at,
        "estimated_credits": wish.price,
        **(wish.end if has_ended else {}),
    }
    return [new_row(**about, **shot) for shot in film or [{}]]
