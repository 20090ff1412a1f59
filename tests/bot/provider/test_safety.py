"""Only what the provider itself calls a matter of safety may give a strike."""

import pytest

from bot.failures import FailureKind
from bot.provider.safety import WITHOUT_VIDEO, is_refused_for_safety
from sandbox.jobs import FILTERED

PROMPT = "a safety inspector blocks the road"
REFUSED = [
    FILTERED["message"],
    "Your prompt was blocked by our safety filters.",
    "Your prompt was blocked by our safety filters. Please try again with other words.",
    "content_policy_violation",
    "ContentPolicyViolation: try another prompt",
    "PROHIBITED_CONTENT",
    "moderation_blocked",
    "SAFETY",
    "Finish reason: SAFETY",
    "Request rejected. Reason: safety.",
    "The image violates Google's Responsible AI practices and usage guidelines.",
    "This prompt contains sensitive words that violate Google's Responsible AI practices. Try rephrasing the "
    "prompt.",
    "Your current safety filter threshold filtered out 2 generated videos. You will not be charged.",
    "Prompt contains prohibited content",
    "The content was flagged.",
    "Your request has been flagged as potentially harmful",
    "The content could not be processed because it contained material flagged by a content checker.",
    "Blocked by Google's usage guidelines",
    "The generation was blocked by the provider's community guidelines.",
    "Prompt failed moderation",
    "Failure to pass the risk control system",
    "NSFW content detected",
    "The prompt violates our policies.",
    "Rejected due to safety concerns",
    f"The prompt {PROMPT} was flagged",
    "Prompt violates content policy: internal rule 4",
    "Your prompt was flagged by our moderation system. If you believe this is an error, please retry later.",
    "Content moderation failed",
    "OutputVideoSensitiveContentDetected: The output video may contain sensitive information.",
    "Your prompt was blocked by our safety system. Repeated violations may close your account.",
    "Our moderation system flagged the prompt",
    "Your request was rejected as a result of our safety system.",
    "The image goes against our community guidelines",
    "Content filter triggered",
    "Safety checker detected NSFW content in the image",
]
OTHER = [
    WITHOUT_VIDEO,
    "duration must be 4, 6 or 8",
    "Too bright",
    "The prompt violates the maximum length.",
    "Option names are case-sensitive.",
    "",
    None,
    # Out of order:
    "The safety service is overloaded. The request was rejected.",
    "Request blocked: timeout while waiting for the moderation service",
    "Safety filter timed out",
    "The content moderation service is temporarily unavailable, so the video was refused",
    "Failed to run the safety checker",
    "Internal error: safety check crashed, request rejected",
    "Could not reach the moderation API; request denied",
    "Rejected because the safety system is busy, try again later",
    # Options:
    "safety_tolerance must be between 1 and 6",
    "Invalid value for safety_tolerance",
    "safety_tolerance 7 is not allowed",
    "Safety tolerance is a parameter that is not allowed here",
    "Unknown field enable_safety_checker was rejected",
    "Access denied by organization policy",
    "Rejected by the billing policy",
    "The image contains explicit content-type header",
    "The request violates the schema policy",
    # Whose key it is, and what happened before:
    "Your API key is blocked under the acceptable use policy.",
    "Request rejected: account flagged for review.",
    "Your account violates our payment policy.",
    "Moderation is not allowed for this key",
    "Request flagged as duplicate",
    # Doubtful:
    "Rejected: content rules service returned 502",
    "Input flagged for slow processing",
    "The safety filter was rejected",
    "The moderation endpoint rejected the request: missing field",
    "Request rejected: safety settings invalid",
    "Prompt rejected: too long for the content filter",
    "User blocked for violating usage policy",
    "The request was rejected by our safety system. Please try again later.",
    # What the member wrote:
    'The prompt "blocked by safety, nsfw content detected" is too long',
    "The prompt “a sensitive topic that is not allowed” is too long",
    "Unsupported text 'flagged content, safety violation",
    "The model doesn't allow `nsfw content blocked` as a seed",
    f"{PROMPT}: too long",
    f"Too long: {PROMPT.upper()}",
]


@pytest.mark.parametrize("reason", REFUSED)
def test_a_refusal_for_safety_is_known_by_its_words(reason: str) -> None:
    assert is_refused_for_safety(FailureKind.UNMADE, reason, PROMPT)
    assert is_refused_for_safety(FailureKind.REFUSED, reason, PROMPT)
    assert not is_refused_for_safety(FailureKind.BROKEN, reason, PROMPT)


@pytest.mark.parametrize("reason", OTHER)
def test_any_other_reason_is_none(reason: str | None) -> None:
    assert not is_refused_for_safety(FailureKind.UNMADE, reason, PROMPT)
