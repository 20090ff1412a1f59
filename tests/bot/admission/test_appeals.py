"""What lets a refused request pass: that request only, past that rule only."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta

from bot.admission.appeals import block_rule, fingerprint, rule_of, word_rule
from bot.admission.check_request import check_request
from bot.admission.context import AdmissionContext, Release, Requester
from bot.admission.denials import BlockedError, ChannelNotAllowedError, WordNotAllowedError
from bot.db.models import Placement
from bot.errors import UserError
from bot.media.images import ImageInput
from bot.policy.documents import Block, MemberPolicy, Policy
from bot.provider.catalogue import VideoRequest, build_request
from bot.requests.spec import RequestSpec

NOW = datetime(2026, 11, 29, 12, tzinfo=UTC)
REQUESTER = Requester(1, 1, 2, 3, Placement.CHANNEL)
HELD = Block(since=NOW - timedelta(hours=1))


def a_video(prompt: str = "a red dragon", **options: int) -> VideoRequest:
    return build_request("google/veo3", prompt, options)


def refused(context: AdmissionContext, *rules: str) -> UserError | None:
    releases = tuple(Release("a" * 16, rule) for rule in rules)
    return check_request(REQUESTER, a_video(), replace(context, releases=releases), 5, NOW)


def test_a_word_is_passed_and_another_one_is_not() -> None:
    context = AdmissionContext(policy=Policy(words=("red", "dragon")))
    second = refused(context, word_rule("red"))
    assert isinstance(second, WordNotAllowedError)
    assert rule_of(second, None) == word_rule("dragon")
    assert refused(context, word_rule("red"), word_rule("dragon")) is None


def test_a_refusal_names_all_words_of_both_prompts_and_one_release_passes_them() -> None:
    context = AdmissionContext(policy=Policy(words=("blue", "dragon", "cat", "red")))
    video = build_request("google/veo3", "a red dragon", {"negative_prompt": "a red cat"})
    refusal = check_request(REQUESTER, video, context, 5, NOW)
    assert isinstance(refusal, WordNotAllowedError)
    assert "words this server doesn't allow: “dragon”, “cat” and “red”." in str(refusal)
    rule = rule_of(refusal, None)
    assert rule is not None
    assert rule == word_rule("dragon", "cat", "red")
    passed = replace(context, releases=(Release("a" * 16, rule),))
    assert check_request(REQUESTER, video, passed, 5, NOW) is None
    many = WordNotAllowedError([f"word number {number}" for number in range(40)])
    assert "“word number 0”, “word number 1”" in str(many)
    assert "and 33 more." in str(many)


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


def test_a_request_is_known_by_its_words_model_options_and_images_but_not_by_its_seed() -> None:
    known = fingerprint(a_video(), [])
    assert known == fingerprint(a_video(), []) == fingerprint(a_video(seed=7), [])
    others = [
        fingerprint(a_video("a red dragon!"), []),
        fingerprint(a_video(duration=4), []),
        fingerprint(build_request("google/veo-3.0-fast", "a red dragon", {}), []),
        fingerprint(a_video(), made_from(an_image("1/a.png", size=7))),
        fingerprint(a_video(), made_from(an_image("1/a.png", size=8))),
        fingerprint(a_video(), RequestSpec(None, "", {}, continues_id="a" * 16).made_from),
    ]
    assert len({known, *others}) == 1 + len(others)


def test_an_image_is_known_again_after_another_upload() -> None:
    first, again = an_image("1/a.png?ex=1", size=7), an_image("2/b.png?ex=2", size=7)
    assert made_from(first) == made_from(again) != made_from(replace(first, size=8))
    link, later = (ImageInput.checked(f"https://cdn.discordapp.com/a.png?ex={ex}") for ex in (1, 2))
    assert (
        made_from(link) == made_from(later) != made_from(ImageInput.checked("https://cdn.discordapp.com/b"))
    )


def an_image(path: str, size: int) -> ImageInput:
    return ImageInput(f"https://cdn.discordapp.com/{path}", "a.png", "image/png", size, width=64, height=64)


def made_from(image: ImageInput) -> Sequence[object]:
    return RequestSpec(None, "", {}, (image,)).made_from
