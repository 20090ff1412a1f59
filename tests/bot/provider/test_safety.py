"""Only what the provider itself calls a matter of safety may give a strike."""

from datetime import UTC, datetime

import pytest

from bot.failures import FailureKind
from bot.provider.models import WITHOUT_VIDEO
from bot.provider.safety import is_refused_for_safety
from sandbox.jobs import FILTERED

REFUSED = [
    FILTERED["message"],
    "Your prompt was blocked by our safety filters.",
    "content_policy_violation",
    "ContentPolicyViolation: try another prompt",
    "The image violates Google's Responsible AI practices and usage guidelines.",
    "Prompt contains prohibited content",
]
OTHER = [
    WITHOUT_VIDEO,
    "duration must be 4, 6 or 8",
    "Too bright",
    "The prompt violates the maximum length.",
    "Option names are case-sensitive.",
    "",
    None,
]


@pytest.mark.parametrize("reason", REFUSED)
def test_a_refusal_for_safety_is_known_by_its_words(reason: str) -> None:
    assert is_refused_for_safety(FailureKind.UNMADE, reason, None)
    assert is_refused_for_safety(FailureKind.REFUSED, reason, None)
    assert not is_refused_for_safety(FailureKind.UNMADE, reason, datetime.now(UTC)), "it may come yet"
    assert not is_refused_for_safety(FailureKind.BROKEN, reason, None)


@pytest.mark.parametrize("reason", OTHER)
def test_any_other_reason_is_none(reason: str | None) -> None:
    assert not is_refused_for_safety(FailureKind.UNMADE, reason, None)
