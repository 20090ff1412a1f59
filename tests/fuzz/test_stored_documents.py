"""What is read back from the database: documents of older and newer versions, and such as nobody wrote."""

from datetime import UTC, datetime
from typing import Any

from hypothesis import strategies as st
from pydantic import ValidationError

from bot.admission.limits import resolve_limits
from bot.policy.documents import MemberPolicy, Policy
from tests.fuzz.answers import anything, changed
from tests.fuzz.tally import fuzz

NOW = datetime(2026, 3, 1, tzinfo=UTC)
MOMENT = "2026-02-01T00:00:00Z"
POLICY: dict[str, Any] = {
    "pause": {"since": MOMENT, "reason": "because"},
    "rules": [{"scope": "server", "subject_id": 0, "kind": "day", "most": 5}],
    "budgets": {"day": {"credits": 5.0, "since": MOMENT}},
    "words": ["dragon"],
    "channels": [1],
    "models": ["google/veo3"],
    "longest_duration": 8,
    "highest_resolution": "720P",
    "placement": "thread",
    "ask_first": True,
    "moderators_channel_id": 5,
}
STANDING: dict[str, Any] = {
    "block": {"since": MOMENT, "until": None, "reason": "because"},
    "grants": [{"amount": 3, "since": MOMENT, "until": MOMENT}],
    "reset_at": MOMENT,
}


def test_a_document_is_understood_as_a_whole_or_refused_as_a_whole() -> None:
    def play(document: Any) -> None:
        for kind in (Policy, MemberPolicy):
            try:
                found = kind.model_validate(document)
            except ValidationError:
                continue
            assert kind.model_validate(found.model_dump(mode="json")) == found, "it changes when it is stored"
            if isinstance(found, Policy):
                resolve_limits(found.rules, MemberPolicy(), 1, [2], 5, NOW)
            else:
                resolve_limits((), found, 1, [2], 5, NOW)

    documents = changed(st.sampled_from([POLICY, STANDING])) | anything
    fuzz("stored documents", 32, documents, play)


def test_fields_of_a_newer_version_are_left_aside_and_missing_ones_are_as_before_them() -> None:
    def play(case: tuple[dict[str, Any], set[str]]) -> None:
        more, missing = case
        old = {name: value for name, value in POLICY.items() if name not in missing}
        found = Policy.model_validate({**more, **old})
        expected = Policy.model_validate(POLICY)
        for name in old:
            assert getattr(found, name) == getattr(expected, name)
        for name in missing:
            assert getattr(found, name) == getattr(Policy(), name)

    unknown = st.dictionaries(
        st.text(min_size=1).filter(lambda name: name not in POLICY), anything, max_size=3
    )
    fuzz(
        "documents of other versions", 16, st.tuples(unknown, st.sets(st.sampled_from(sorted(POLICY)))), play
    )
