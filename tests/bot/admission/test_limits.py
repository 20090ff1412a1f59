"""Which limit holds for a member, and when the next slot frees."""

from collections.abc import Collection, Sequence
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.admission.limits import (
    WINDOWS,
    Limit,
    Use,
    check_quota,
    next_slot,
    remaining,
    resolve_limits,
    winning_rule,
)
from bot.policy.documents import Grant, LimitKind, MemberPolicy, Rule, Scope

NOW = datetime(2026, 3, 29, 12, tzinfo=UTC)
TICK = timedelta(microseconds=1)
HOUR = timedelta(hours=1)
DAY, WEEK, MONTH, AT_ONCE = LimitKind.DAY, LimitKind.WEEK, LimitKind.MONTH, LimitKind.AT_ONCE
MEMBER, DEFAULT = 5, 9

mosts = st.one_of(st.none(), st.integers(0, 20))
kinds = st.sampled_from(LimitKind)
rules = st.builds(
    Rule,
    scope=st.sampled_from([Scope.MEMBER, Scope.ROLE, Scope.SERVER]),
    subject_id=st.integers(0, 8),
    kind=kinds,
    most=mosts,
)
# Short steps and long ones, so that windows fill, and so that many times lie exactly at their edges.
gaps = st.lists(
    st.one_of(
        st.timedeltas(timedelta(), timedelta(hours=30)),
        st.sampled_from([timedelta(), TICK, WINDOWS[DAY] - TICK, WINDOWS[DAY], 6 * HOUR, WINDOWS[WEEK]]),
    ),
    max_size=25,
)
grants = st.lists(
    st.tuples(st.integers(1, 4), st.timedeltas(-2 * WINDOWS[DAY], WINDOWS[MONTH])), max_size=3
).map(lambda pairs: tuple(Grant(amount=n, since=NOW - WINDOWS[MONTH], until=NOW + end) for n, end in pairs))
limit_tables = st.dictionaries(kinds, mosts, min_size=1)


def rule(scope: Scope, most: int | None, kind: LimitKind = DAY, subject_id: int = 0) -> Rule:
    return Rule(scope=scope, subject_id=subject_id, kind=kind, most=most)


def limits_of(
    table: dict[LimitKind, int | None], member_policy: MemberPolicy | None = None
) -> Sequence[Limit]:
    rules = [rule(Scope.SERVER, most, kind) for kind, most in table.items()]
    return resolve_limits(rules, member_policy or MemberPolicy(), MEMBER, (), None, NOW)


def counted_from(steps: list[timedelta]) -> list[datetime]:
    """Return times with these gaps, the last of which is now."""
    times = [NOW]
    for step in steps:
        times.append(times[-1] - step)
    return times[::-1]


def generosity(most: int | None) -> float:
    return float("inf") if most is None else most


@given(rules=st.lists(rules, max_size=12), kind=kinds, role_ids=st.sets(st.integers(1, 8)))
def test_a_members_rule_beats_a_roles_which_beats_the_servers_which_beats_the_default(
    rules: list[Rule], kind: LimitKind, role_ids: set[int]
) -> None:
    winner = winning_rule(rules, kind, MEMBER, role_ids, DEFAULT)
    own = [r for r in rules if r.kind is kind and r.scope is Scope.MEMBER and r.subject_id == MEMBER]
    of_roles = [r for r in rules if r.kind is kind and r.scope is Scope.ROLE and r.subject_id in role_ids]
    of_server = [r for r in rules if r.kind is kind and r.scope is Scope.SERVER]
    candidates: Collection[Rule] = own or of_roles or of_server
    if not candidates:
        assert winner == Rule(scope=Scope.DEFAULT, kind=kind, most=DEFAULT if kind is DAY else None)
        return
    assert winner in candidates
    assert generosity(winner.most) == max(generosity(r.most) for r in candidates), "a stricter rule won"


@pytest.mark.parametrize(
    ("mosts", "wins"), [((3, 10, 7), 10), ((3, None, 7), None), ((0, 0), 0), ((0, 1), 1), ((None, 0), None)]
)
def test_of_several_roles_the_most_generous_counts(mosts: tuple[int | None, ...], wins: int | None) -> None:
    rules = [rule(Scope.ROLE, most, subject_id=number) for number, most in enumerate(mosts, 1)]
    assert winning_rule(rules, DAY, MEMBER, range(1, 9), DEFAULT).most == wins


def test_a_member_can_be_limited_more_strictly_than_their_roles() -> None:
    rules = [rule(Scope.ROLE, None, subject_id=1), rule(Scope.MEMBER, 1, subject_id=MEMBER)]
    assert winning_rule(rules, DAY, MEMBER, {1}, DEFAULT).most == 1


def test_a_role_that_the_member_does_not_have_does_not_matter() -> None:
    rules = [rule(Scope.ROLE, 100, subject_id=1), rule(Scope.SERVER, 2)]
    assert winning_rule(rules, DAY, MEMBER, {3}, DEFAULT).most == 2


def test_each_respect_has_its_own_winner() -> None:
    rules = [
        rule(Scope.MEMBER, 1, AT_ONCE, MEMBER),
        rule(Scope.ROLE, 30, WEEK, 1),
        rule(Scope.SERVER, 4, AT_ONCE),
    ]
    resolved = resolve_limits(rules, MemberPolicy(), MEMBER, {1}, DEFAULT, NOW)
    assert [(limit.kind, limit.rule.scope, limit.most) for limit in resolved] == [
        (DAY, Scope.DEFAULT, DEFAULT),
        (WEEK, Scope.ROLE, 30),
        (MONTH, Scope.DEFAULT, None),
        (AT_ONCE, Scope.MEMBER, 1),
    ]


def test_grants_add_to_every_window_until_they_end_and_never_to_what_is_made_at_once() -> None:
    grants = (
        Grant(amount=2, since=NOW - HOUR, until=NOW + HOUR),
        Grant(amount=3, since=NOW - HOUR, until=NOW + TICK),
        Grant(amount=100, since=NOW - HOUR, until=NOW),
    )
    resolved = limits_of({DAY: 1, WEEK: 5, MONTH: None, AT_ONCE: 1}, MemberPolicy(grants=grants))
    assert [limit.most for limit in resolved] == [6, 10, None, 1]


@pytest.mark.parametrize(("kind", "length"), WINDOWS.items())
def test_a_video_counts_for_exactly_the_length_of_a_window(kind: LimitKind, length: timedelta) -> None:
    limits = limits_of({kind: 1})
    assert not check_quota(limits, MemberPolicy(), Use([NOW - length + TICK]), NOW).allowed
    assert check_quota(limits, MemberPolicy(), Use([NOW - length]), NOW).allowed


def test_windows_roll_instead_of_ending_at_midnight() -> None:
    late_yesterday = NOW - timedelta(hours=13)
    assert late_yesterday.date() != NOW.date()
    assert not check_quota(limits_of({DAY: 1}), MemberPolicy(), Use([late_yesterday]), NOW).allowed


def test_all_full_limits_are_told_and_the_last_of_them_decides_when() -> None:
    limits = limits_of({DAY: 1, WEEK: 1, MONTH: 5, AT_ONCE: 1})
    verdict = check_quota(limits, MemberPolicy(), Use([NOW - HOUR], at_once=1), NOW)
    assert [limit.kind for limit in verdict.broken] == [DAY, WEEK, AT_ONCE]
    assert verdict.frees_at == NOW - HOUR + WINDOWS[WEEK]


def test_a_lower_limit_waits_until_enough_places_are_free() -> None:
    hours = [NOW - hour * HOUR for hour in (20, 10, 5, 1)]
    verdict = check_quota(limits_of({DAY: 2}), MemberPolicy(), Use(hours), NOW)
    assert verdict.frees_at == NOW + 19 * HOUR, "three of four have to leave before one of two slots is free"


def test_a_place_that_a_grant_gives_is_gone_when_the_grant_ends() -> None:
    member_policy = MemberPolicy(grants=(Grant(amount=1, since=NOW - HOUR, until=NOW + HOUR),))
    use = Use([NOW - 22 * HOUR, NOW - 10 * HOUR])
    limits = limits_of({DAY: 1}, member_policy)
    verdict = check_quota(limits, member_policy, use, NOW)
    assert verdict.frees_at == NOW + 14 * HOUR, "the first that leaves only takes the grant's slot"


def test_a_place_is_free_earlier_while_a_grant_lasts() -> None:
    member_policy = MemberPolicy(grants=(Grant(amount=1, since=NOW - HOUR, until=NOW + 24 * HOUR),))
    hours = [NOW - hour * HOUR for hour in (22, 10, 5)]
    verdict = check_quota(limits_of({DAY: 2}, member_policy), member_policy, Use(hours), NOW)
    assert verdict.frees_at == NOW + 2 * HOUR, "of three slots one is free as soon as the oldest leaves"


@pytest.mark.parametrize("kind", LimitKind)
def test_a_limit_of_zero_never_frees_a_place(kind: LimitKind) -> None:
    verdict = check_quota(limits_of({kind: 0}), MemberPolicy(), Use([NOW - 2 * HOUR]), NOW)
    assert [limit.kind for limit in verdict.broken] == [kind]
    assert verdict.frees_at is None


def test_a_grant_opens_a_limit_of_zero() -> None:
    member_policy = MemberPolicy(grants=(Grant(amount=1, since=NOW, until=NOW + HOUR),))
    limits = limits_of({DAY: 0}, member_policy)
    assert check_quota(limits, member_policy, Use(), NOW).allowed
    spent = check_quota(limits, member_policy, Use([NOW]), NOW)
    assert (spent.allowed, spent.frees_at) == (False, None), (
        "the grant is used up, and nothing comes after it"
    )


def test_what_is_made_at_once_frees_at_no_known_time() -> None:
    verdict = check_quota(limits_of({AT_ONCE: 2}), MemberPolicy(), Use(at_once=2), NOW)
    assert (verdict.allowed, verdict.frees_at) == (False, None)
    assert check_quota(limits_of({AT_ONCE: 2}), MemberPolicy(), Use(at_once=1), NOW).allowed


def test_no_place_frees_where_nothing_may_be_made_at_once() -> None:
    verdict = check_quota(limits_of({DAY: 1, AT_ONCE: 0}), MemberPolicy(), Use([NOW - HOUR]), NOW)
    assert [limit.kind for limit in verdict.broken] == [DAY, AT_ONCE]
    assert verdict.frees_at is None, "a time is named at which they would be refused"


@given(steps=gaps, at_once=st.integers(0, 50))
def test_who_is_unlimited_is_always_allowed(steps: list[timedelta], at_once: int) -> None:
    limits = limits_of(dict.fromkeys(LimitKind))
    assert check_quota(limits, MemberPolicy(), Use(counted_from(steps), at_once), NOW).allowed
    assert all(remaining(limit, Use(counted_from(steps), at_once), NOW) is None for limit in limits)


@given(steps=gaps, table=limit_tables, grants=grants, at_once=st.integers(0, 3))
def test_a_place_frees_exactly_when_it_was_said(
    steps: list[timedelta], table: dict[LimitKind, int | None], grants: tuple[Grant, ...], at_once: int
) -> None:
    member_policy, use = MemberPolicy(grants=grants), Use(counted_from(steps), at_once)
    verdict = check_quota(limits_of(table, member_policy), member_policy, use, NOW)
    if verdict.frees_at is None:
        return
    windows = {kind: most for kind, most in table.items() if kind is not AT_ONCE}

    def allowed(at: datetime) -> bool:
        rules = [rule(Scope.SERVER, most, kind) for kind, most in windows.items()]
        limits = resolve_limits(rules, member_policy, MEMBER, (), None, at)
        return check_quota(limits, member_policy, use, at).allowed

    assert verdict.frees_at > NOW
    assert not allowed(verdict.frees_at - TICK), "it was free before"
    assert allowed(verdict.frees_at), "it was not free when it was said"
    ends = (grant.until for grant in grants)
    between = [at for at in (*use.counted, *ends) if NOW < at < verdict.frees_at]
    assert not any(allowed(at) for at in between), "it was free in between"


@given(steps=gaps, table=limit_tables, grants=grants)
def test_who_must_wait_is_told_until_when_unless_a_limit_is_zero(
    steps: list[timedelta], table: dict[LimitKind, int | None], grants: tuple[Grant, ...]
) -> None:
    member_policy, use = MemberPolicy(grants=grants), Use(counted_from(steps))
    verdict = check_quota(limits_of(table, member_policy), member_policy, use, NOW)
    is_closed = any(limit.rule.most == 0 for limit in verdict.broken)
    if not verdict.allowed and not is_closed and 0 not in table.values():
        assert verdict.frees_at is not None, "with limits above zero a slot frees one day"


@given(steps=gaps, most=st.integers(1, 6))
def test_no_window_ever_holds_more_than_its_limit(steps: list[timedelta], most: int) -> None:
    accepted: list[datetime] = []
    for at in counted_from(steps):
        if check_quota(limits_of({DAY: most}), MemberPolicy(), Use(accepted), at).allowed:
            accepted.append(at)
    for end in accepted:
        inside = [at for at in accepted if end - WINDOWS[DAY] < at <= end]
        assert len(inside) <= most, f"{len(inside)} were accepted in the 24 hours before {end}"


@given(steps=gaps, most=mosts, kind=kinds)
def test_what_remains_is_what_is_allowed(steps: list[timedelta], most: int | None, kind: LimitKind) -> None:
    [limit] = [limit for limit in limits_of({kind: most}) if limit.kind is kind]
    use = Use(counted_from(steps), at_once=len(steps))
    left = remaining(limit, use, NOW)
    assert (left is None or left > 0) == check_quota((limit,), MemberPolicy(), use, NOW).allowed


@given(steps=gaps, kind=st.sampled_from(list(WINDOWS)))
def test_the_oldest_place_frees_when_one_less_is_used(steps: list[timedelta], kind: LimitKind) -> None:
    [limit] = [limit for limit in limits_of({kind: 3}) if limit.kind is kind]
    use = Use(counted_from(steps))
    frees_at = next_slot(limit, use, NOW)
    assert frees_at is not None, "one was asked for right now"
    assert use.within(kind, frees_at - TICK) == use.within(kind, NOW)
    assert use.within(kind, frees_at) < use.within(kind, NOW)


def test_where_nothing_is_used_no_place_frees() -> None:
    for limit in limits_of({DAY: 3, AT_ONCE: 1}):
        assert next_slot(limit, Use(at_once=1), NOW) is None
