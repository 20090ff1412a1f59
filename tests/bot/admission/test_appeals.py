"""What lets a refused request pass: that request only, past that rule only."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

from bot.admission.appeals import block_rule, fingerprint, rule_of, word_rule
from bot.admission.check_request import check_request
from bot.admission.context import AdmissionContext, Release, Requester
from bot.admission.denials import BlockedError, ChannelNotAllowedError, WordNotAllowedError
from bot.db.models import Placement
from bot.errors import UserError
from bot.policy.documents import Block, MemberPolicy, Policy
from bot.provider.catalogue import VideoRequest, build_request

NOW = datetime(2026, 11, 29, 12, tzinfo=UTC)
ASKER = Requester(1, 1, 2, 3, Placement.CHANNEL)
HELD = Block(since=NOW - timedelta(hours=1))


def a_video(prompt: str = "a red dragon", **options: int) -> VideoRequest:
    return build_request("google/veo3", prompt, options)


def refused(context: AdmissionContext, *rules: str) -> UserError | None:
    releases = tuple(Release("a" * 16, rule) for rule in rules)
    return check_request(ASKER, a_video(), replace(context, releases=releases), 5, NOW)


def test_a_word_is_passed_and_another_one_is_not() -> None:
    context = AdmissionContext(policy=Policy(words=("red", "dragon")))
    first = refused(context)
    assert isinstance(first, WordNotAllowedError)
    assert rule_of(first, None) == word_rule("red")
    second = refused(context, word_rule("red"))
    assert rule_of(second, None) == word_rule("dragon")
    assert refused(context, word_rule("red"), word_rule("dragon")) is None


def test_a_block_is_passed_and_the_next_one_and_other_rules_are_not() -> None:
    context = AdmissionContext(member_policy=MemberPolicy(block=HELD))
    assert rule_of(refused(context), HELD) == block_rule(HELD)
    assert refused(context, block_rule(HELD)) is None
    later = replace(context, member_policy=MemberPolicy(block=Block(since=NOW)))
    assert isinstance(refused(later, block_rule(HELD)), BlockedError)
    elsewhere = replace(context, policy=Policy(channels=frozenset({1})))
    assert isinstance(refused(elsewhere, block_rule(HELD)), ChannelNotAllowedError)


def test_other_refusals_are_not_for_moderators_to_pass() -> None:
    context = AdmissionContext(policy=Policy(channels=frozenset({1})))
    assert rule_of(refused(context), None) is None


def test_a_request_is_known_by_its_words_model_and_options() -> None:
    assert fingerprint(a_video()) == fingerprint(a_video())
    others = [
        a_video("a red dragon!"),
        a_video(seed=7),
        build_request("google/veo-3.0-fast", "a red dragon", {}),
    ]
    assert len({fingerprint(video) for video in [a_video(), *others]}) == 4
