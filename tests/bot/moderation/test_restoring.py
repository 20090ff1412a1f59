"""What restores what was before a decision: undo gives what was, its undo what had become."""

import json
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from bot.db.guild_models import Action, AuditRow
from bot.errors import BadInputError
from bot.moderation.decided import Decision, decision_of
from bot.moderation.restoring import (
    can_be_undone,
    is_as_left,
    is_restored,
    member_part,
    server_part,
)
from bot.moderation.rules import MAX_RULES, Subject
from bot.moderation.snapshots import Snapshot, snapshot_grants, snapshot_of_import
from bot.policy.documents import Budget, Grant, LimitKind, MemberPolicy, Period, Policy, Rule, Scope
from tests.bot.policy.test_documents import member_policies, policies

NOW = datetime(2026, 3, 1, 12, tzinfo=UTC)
A = Action


def row(action: Action, subject: str, old: Snapshot, new: Snapshot, number: int = 7) -> AuditRow:
    """Return a row as it comes back from the database."""
    stored: Sequence[Any] = json.loads(json.dumps([old, new]))
    return AuditRow(
        id=number,
        guild_id=1,
        at=NOW,
        actor_id=5,
        action=action,
        subject=subject,
        old=stored[0],
        new=stored[1],
    )


def in_any_order(document: Policy | MemberPolicy) -> Any:
    """Return a document without the order of its rules, words and grants, and since when a budget holds."""
    if isinstance(document, MemberPolicy):
        return document.model_copy(update={"grants": frozenset(document.grants)})
    budgets = {period: budget.credits for period, budget in document.budgets.items()}
    changes = {"rules": frozenset(document.rules), "words": frozenset(document.words), "budgets": budgets}
    return document.model_copy(update=changes)


def one_rule_each(policy: Policy) -> Policy:
    """Return a document as our commands leave one: one rule of a kind and subject, one spelling of a word."""
    for rule in policy.rules:
        policy = policy.with_rule(rule)
    return policy.model_copy(update={"words": policy.words[:1]})


def server_decision(data: st.DataObject, old: Policy, new: Policy) -> tuple[Policy, Policy, AuditRow]:
    """Take one part of a document from another one; return it before and after, with the row."""
    kind = data.draw(st.sampled_from([A.QUOTA_SET, A.BUDGET, A.RESUME, A.WORD_REMOVE, A.SETTINGS]))
    match kind:
        case A.QUOTA_SET:
            rule = data.draw(st.sampled_from(new.rules or old.rules or [None]))
            assume(rule is not None and rule.scope in {Scope.MEMBER, Scope.ROLE} and rule.subject_id)
            assert rule is not None
            subject = str(Subject(rule.scope, rule.subject_id))
            kinds = {other.kind.value: other.most for other in (rule, *new.rules) if other.kind == rule.kind}
            shape: tuple[str, Snapshot, Snapshot] = (subject, kinds, kinds)
        case A.BUDGET:
            shape = (f"budget:{data.draw(st.sampled_from(Period))}", {}, {})
        case A.WORD_REMOVE:
            words = old.words + new.words
            assume(words)
            shape = ("words", {"word": words[0]}, None)
        case A.SETTINGS:
            shape = ("server", {"placement": None, "channels": [], "models": []}, None)
        case _:
            shape = ("server", None, None)
    part = server_part(Decision(7, kind, *shape))
    assert part is not None
    after = part.put(old, part.snapshot(new), NOW)
    return old, after, row(kind, shape[0], part.snapshot(old), part.snapshot(after))


@given(st.data(), policies.map(one_rule_each), policies.map(one_rule_each))
def test_undo_gives_what_was_and_its_undo_what_had_become(
    data: st.DataObject, old: Policy, other: Policy
) -> None:
    before, after, written = server_decision(data, old, other)
    decision = decision_of(written)
    assume(can_be_undone(decision))
    part = server_part(decision)
    assert part is not None
    assert is_as_left(decision, part.snapshot(after), NOW)
    undone = part.put(after, decision.before, NOW)
    assert in_any_order(undone) == in_any_order(before)
    again = decision_of(row(A.UNDO, decision.undo_subject, part.snapshot(after), part.snapshot(undone), 8))
    assert (again.kind, again.subject, again.user_id) == (decision.kind, decision.subject, decision.user_id)
    part_of_undo = server_part(again)
    assert part_of_undo is not None
    assert in_any_order(part_of_undo.put(undone, again.before, NOW)) == in_any_order(after)


def member_decisions(old: MemberPolicy, other: MemberPolicy) -> list[tuple[MemberPolicy, AuditRow]]:
    """Return what becomes of a member's document by each kind of decision, with the rows."""
    found: list[tuple[MemberPolicy, AuditRow]] = []
    for kind in (A.BLOCK, A.RESET):
        part = member_part(Decision(7, kind, "member:3", None, None))
        assert part is not None
        after = part.put(old, part.snapshot(other), NOW)
        found.append((after, row(kind, "member:3", part.snapshot(old), part.snapshot(after))))
    grant = Grant(amount=3, since=NOW, until=NOW + timedelta(hours=1))
    given_to = old.model_copy(update={"grants": (*old.grants, grant)})
    found.append(
        (given_to, row(A.GRANT, "member:3", snapshot_grants(old, NOW), snapshot_grants(given_to, NOW)))
    )
    return found


@given(member_policies, member_policies)
def test_so_it_is_with_a_members_document(old: MemberPolicy, other: MemberPolicy) -> None:
    for after, written in member_decisions(old, other):
        decision = decision_of(written)
        if not can_be_undone(decision):
            continue
        assert decision.user_id == 3
        part = member_part(decision)
        assert part is not None
        assert is_as_left(decision, part.snapshot(after), NOW)
        undone = part.put(after, decision.before, NOW)
        assert in_any_order(undone) == in_any_order(old)
        again = decision_of(
            row(A.UNDO, decision.undo_subject, part.snapshot(after), part.snapshot(undone), 8)
        )
        part_of_undo = member_part(again)
        assert part_of_undo is not None
        assert in_any_order(part_of_undo.put(undone, again.before, NOW)) == in_any_order(after)


UNTIL = (NOW + timedelta(hours=1)).isoformat()
TOO_LITTLE = [
    row(A.RESUME, "server", {"since": UNTIL}, None),
    row(A.UNBLOCK, "member:3", {"until": None}, None),
    row(A.GRANT, "member:3", None, {"grants": [{"amount": 3, "until": UNTIL}]}),
    row(
        A.SETTINGS,
        "server",
        {"ask_first": True, "removed_since": 1},
        {"ask_first": False, "removed_since": 2},
    ),
    row(A.QUOTA_UNSET, "server", None, None),
    row(A.CANCEL, "generation:0123456789abcdef", None, {"counts": True}),
    row(A.VIDEO_DELETE, "generation:0123456789abcdef", None, {"user_id": 3}),
    row(A.REPORT_DISMISS, "generation:0123456789abcdef", None, None),
    row(A.BUDGET_WARNING, "budget:day", None, {"budget": 1, "spent": 1}),
    row(A.UNDO, "7:cancel:generation:0123456789abcdef", None, {"counts": True}),
    row(A.UNDO, "nothing", None, {"day": 1}),
]


@pytest.mark.parametrize("written", TOO_LITTLE, ids=lambda written: str(written.action))
def test_what_tells_too_little_or_is_gone_cant_be_undone(written: AuditRow) -> None:
    assert not can_be_undone(decision_of(written))


def test_a_row_of_an_earlier_version_is_undone_where_nothing_was_before() -> None:
    decision = decision_of(row(A.BLOCK, "member:3", None, {"until": UNTIL}))
    assert can_be_undone(decision)
    assert is_as_left(decision, {"since": NOW.isoformat(), "until": UNTIL, "reason": "spam"}, NOW)
    assert not is_as_left(decision, {"since": NOW.isoformat(), "until": None, "reason": "spam"}, NOW)


def test_what_has_ended_is_as_good_as_gone() -> None:
    ended = {"since": UNTIL, "until": NOW.isoformat(), "reason": None}
    unblocked = decision_of(row(A.UNBLOCK, "member:3", ended, None))
    assert is_restored(unblocked, None, NOW)
    assert not is_restored(unblocked, None, NOW - timedelta(seconds=1))


def test_a_budget_that_is_restored_is_warned_about_like_a_new_one() -> None:
    decision = decision_of(row(A.BUDGET, "budget:day", {"credits": 5}, None))
    part = server_part(decision)
    assert part is not None
    assert part.put(Policy(), decision.before, NOW).budgets == {Period.DAY: Budget(credits=5, since=NOW)}


def test_an_import_that_replaced_many_limits_is_undone_where_both_together_would_be_too_many() -> None:
    def limits(first: int) -> Policy:
        limit = Rule(scope=Scope.ROLE, kind=LimitKind.DAY, most=5)
        roles = range(first, first + MAX_RULES)
        return Policy(rules=tuple(limit.model_copy(update={"subject_id": role}) for role in roles))

    old, new = limits(1), limits(1001)
    tell = snapshot_of_import(old, new)
    decision = decision_of(row(A.IMPORT, "server:Studio", tell(old), tell(new)))
    part = server_part(decision)
    assert part is not None
    assert in_any_order(part.put(new, decision.before, NOW)) == in_any_order(old)
    others = Rule(scope=Scope.MEMBER, subject_id=1, kind=LimitKind.DAY, most=1)
    with pytest.raises(BadInputError, match="which is the maximum"):
        part.put(new.with_rule(others), decision.before, NOW)
