"""What moderators decided, as documents: they must come back from the database as they went in."""

import json
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from bot.db.models import Placement
from bot.policy.documents import (
    Block,
    Budget,
    Grant,
    LimitKind,
    MemberPolicy,
    Pause,
    Period,
    Policy,
    Rule,
    Scope,
)

NOW = datetime(2026, 3, 29, 12, tzinfo=UTC)
TICK = timedelta(microseconds=1)
ids = st.integers(0, 2**63 - 1)  # Discord's ids need more digits than a float has
moments = st.datetimes(timezones=st.just(UTC))
texts = st.text(max_size=30)
reasons = st.one_of(st.none(), texts)
mosts = st.one_of(st.none(), st.integers(0, 10_000))

rules = st.builds(
    Rule, scope=st.sampled_from(Scope), subject_id=ids, kind=st.sampled_from(LimitKind), most=mosts
)
budgets = st.builds(Budget, credits=st.floats(0, 1e15), since=moments)
policies = st.builds(
    Policy,
    pause=st.one_of(st.none(), st.builds(Pause, since=moments, reason=reasons)),
    rules=st.lists(rules, max_size=5).map(tuple),
    budgets=st.dictionaries(st.sampled_from(Period), budgets),
    words=st.lists(texts, max_size=3).map(tuple),
    channels=st.frozensets(ids, max_size=3),
    models=st.frozensets(texts, max_size=3),
    longest_duration=st.one_of(st.none(), st.integers(1, 60)),
    highest_resolution=st.one_of(st.none(), texts),
    placement=st.one_of(st.none(), st.sampled_from(Placement)),
    moderators_channel_id=st.one_of(st.none(), ids),
)
member_policies = st.builds(
    MemberPolicy,
    block=st.one_of(
        st.none(), st.builds(Block, since=moments, until=st.one_of(st.none(), moments), reason=reasons)
    ),
    grants=st.lists(
        st.builds(Grant, amount=st.integers(1, 1000), since=moments, until=moments), max_size=3
    ).map(tuple),
    reset_at=st.one_of(st.none(), moments),
)


def as_stored(document: Policy | MemberPolicy) -> Any:
    """Return a document as it lies in the database's JSON."""
    return json.loads(json.dumps(document.model_dump(mode="json")))


@given(policies)
def test_a_servers_document_comes_back_as_it_was_stored(policy: Policy) -> None:
    assert Policy.model_validate(as_stored(policy)) == policy


@given(member_policies)
def test_a_members_document_comes_back_as_it_was_stored(member_policy: MemberPolicy) -> None:
    assert MemberPolicy.model_validate(as_stored(member_policy)) == member_policy


def test_what_a_newer_version_stored_besides_is_ignored() -> None:
    newer: dict[str, Any] = {
        "rules": [{"scope": "server", "kind": "day", "most": 3, "colour": "red"}],
        "budgets": {"day": {"credits": 5, "since": NOW.isoformat(), "currency": "USD"}},
        "weather": {"is": "fine"},
    }
    policy = Policy.model_validate(newer)
    assert policy.rules == (Rule(scope=Scope.SERVER, kind=LimitKind.DAY, most=3),)
    assert policy.budgets[Period.DAY].credits == 5
    member_policy = MemberPolicy.model_validate({"mood": "good", "reset_at": NOW.isoformat()})
    assert member_policy == MemberPolicy(reset_at=NOW)


def test_documents_of_older_versions_get_the_defaults() -> None:
    assert Policy.model_validate({}) == Policy()
    assert MemberPolicy.model_validate({}) == MemberPolicy()


@pytest.mark.parametrize(
    "wrong",
    [
        {"rules": [{"scope": "server", "kind": "day", "most": -1}]},
        {"rules": [{"scope": "server", "kind": "fortnight", "most": 1}]},
        {"budgets": {"day": {"credits": -0.5, "since": NOW.isoformat()}}},
        {"budgets": {"day": {"credits": "Infinity", "since": NOW.isoformat()}}},
    ],
    ids=str,
)
def test_documents_that_make_no_sense_are_refused(wrong: dict[str, Any]) -> None:
    with pytest.raises(ValidationError):
        Policy.model_validate(wrong)


@given(st.lists(rules, max_size=20))
def test_a_subject_has_one_rule_of_each_kind_and_it_is_the_last(given_rules: list[Rule]) -> None:
    policy = Policy()
    for rule in given_rules:
        policy = policy.with_rule(rule)
    keys = [(rule.scope, rule.subject_id, rule.kind) for rule in policy.rules]
    assert len(keys) == len(set(keys)), "two rules of a kind for one subject"
    last = {(rule.scope, rule.subject_id, rule.kind): rule for rule in given_rules}
    assert {key: policy.find_rule(*key) for key in keys} == last


@given(st.lists(rules, max_size=10), rules)
def test_a_rule_that_is_taken_away_is_gone_and_no_other(given_rules: list[Rule], target: Rule) -> None:
    policy = Policy()
    for rule in [*given_rules, target]:
        policy = policy.with_rule(rule)
    without = policy.without_rule(target.scope, target.subject_id, target.kind)
    assert without.rules == tuple(rule for rule in policy.rules if rule is not target)
    assert without.without_rule(target.scope, target.subject_id, target.kind) == without


def test_a_block_holds_until_its_end() -> None:
    block = Block(since=NOW - TICK, until=NOW)
    assert block.holds(NOW - TICK)
    assert not block.holds(NOW)
    assert Block(since=NOW).holds(NOW + timedelta(days=9999)), "a block without an end ended"


def test_only_grants_that_have_not_ended_add_something() -> None:
    grants = (Grant(amount=2, since=NOW, until=NOW + TICK), Grant(amount=30, since=NOW, until=NOW))
    member_policy = MemberPolicy(grants=grants)
    assert (
        member_policy.granted(NOW - TICK),
        member_policy.granted(NOW),
        member_policy.granted(NOW + TICK),
    ) == (32, 2, 0)
