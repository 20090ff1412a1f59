"""A server's rules as a file: they come back as they were; what makes no sense is refused with a reason."""

import json
from collections.abc import Callable, Mapping
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.admission.availability import durations, resolutions
from bot.admission.blocklist import MAX_WORDS, WORD_MAX_LENGTH, clean_word, fold
from bot.admission.parsing import MAX_CREDITS, MAX_VIDEOS
from bot.db.models import Placement, Unreviewed
from bot.db.review_models import ReviewStage
from bot.errors import BadInputError
from bot.moderation.importing import import_subject
from bot.moderation.matching import Imported, Kind, LeftOut, Why, match_rules
from bot.moderation.portable import (
    MAX_BYTES,
    NAME_LENGTH,
    OF_REVIEW,
    ServerNames,
    WrittenSettings,
    read_rules,
    write_rules,
)
from bot.policy.documents import (
    Budget,
    LimitKind,
    Period,
    Policy,
    Reviewed,
    ReviewRule,
    Rule,
    Scope,
    ServerSettings,
    Step,
    StrikeRules,
)
from bot.provider.catalogue import CATALOGUE

BEFORE = datetime(2026, 3, 1, 12, tzinfo=UTC)
NOW = BEFORE + timedelta(days=1)
MODELS = tuple(model.id for model in CATALOGUE)
FANS, TWIN, OTHER_TWIN = 11, 12, 13
VIDEOS, ART, MODERATORS, CLOSED = 21, 22, 23, 24
HERE = ServerNames(
    "Studio",
    roles={FANS: "Fans", TWIN: "Twins", OTHER_TWIN: "Twins"},
    channels={VIDEOS: "videos", ART: "art", MODERATORS: "moderators", CLOSED: "closed"},
    moderator_channels=frozenset({VIDEOS, MODERATORS, CLOSED}),
    postable=frozenset({VIDEOS, MODERATORS}),
)


def is_word(text: str) -> bool:
    try:
        return clean_word(text) == text
    except BadInputError:
        return False


mosts = st.none() | st.integers(0, MAX_VIDEOS)
of_subject = st.dictionaries(st.sampled_from(LimitKind), mosts, max_size=4)
spans = st.none() | st.integers(1, 10**6)
one_step = st.builds(Step, strikes=st.integers(1, 100), pause=spans).map(lambda step: (step,))
ladders = st.builds(StrikeRules, days=st.integers(1, 30), steps=st.just(StrikeRules().steps) | one_step)
reviews = (
    st.builds(
        ReviewRule, who=st.just(Reviewed.NEWCOMERS), days=st.integers(1, 366), videos=st.integers(0, 1000)
    )
    | st.just(ReviewRule(who=Reviewed.ROLE, role_id=FANS))
    | st.just(ReviewRule(who=Reviewed.EVERYBODY))
)


def rules_of(limits: Mapping[tuple[Scope, int], Mapping[LimitKind, int | None]]) -> tuple[Rule, ...]:
    return tuple(
        Rule(scope=scope, subject_id=subject_id, kind=kind, most=most)
        for (scope, subject_id), each in limits.items()
        for kind, most in each.items()
    )


# As our commands leave a document of `HERE`.
policies = st.builds(
    Policy,
    rules=st.fixed_dictionaries({(Scope.SERVER, 0): of_subject, (Scope.ROLE, FANS): of_subject}).map(
        rules_of
    ),
    budgets=st.dictionaries(
        st.sampled_from(Period), st.builds(Budget, credits=st.floats(0, MAX_CREDITS), since=st.just(BEFORE))
    ),
    words=st.lists(st.text(max_size=WORD_MAX_LENGTH).filter(is_word), max_size=5, unique_by=fold).map(tuple),
    strikes=st.none() | ladders,
    channels=st.frozensets(st.sampled_from(list(HERE.channels))),
    models=st.frozensets(st.sampled_from(MODELS)),
    longest_duration=st.none() | st.sampled_from(durations()),
    highest_resolution=st.none() | st.sampled_from(resolutions()),
    placement=st.none() | st.sampled_from(Placement),
    ask_first=st.booleans(),
    moderators_channel_id=st.none() | st.sampled_from(sorted(HERE.postable)),
    saves_at_once=st.booleans(),
    review=st.none() | reviews,
    review_stage=st.sampled_from(ReviewStage),
    review_timeout=st.sampled_from(Unreviewed),
)


def imported(content: bytes, here: ServerNames = HERE) -> Imported:
    return match_rules(read_rules(content), here, MODELS, NOW)


def in_any_order(policy: Policy) -> Policy:
    key: Callable[[Rule], Any] = lambda rule: (rule.scope, rule.subject_id, rule.kind)  # noqa: E731 typed
    return policy.model_copy(update={"rules": tuple(sorted(policy.rules, key=key))})


@given(policies, policies)
def test_what_is_exported_and_imported_is_what_it_was(policy: Policy, other: Policy) -> None:
    found = imported(write_rules(policy, HERE))
    assert (found.left_out, found.staying) == ((), ())
    assert in_any_order(found.applied_to(policy, NOW)) == in_any_order(policy)
    amounts = {period: budget.credits for period, budget in policy.budgets.items()}
    became = found.applied_to(other, NOW)
    assert {period: budget.credits for period, budget in became.budgets.items()} == amounts
    same_budgets = became.model_copy(update={"budgets": policy.budgets})
    assert in_any_order(same_budgets) == in_any_order(policy)


@given(policies)
def test_what_is_kept_until_it_is_saved_comes_back(policy: Policy) -> None:
    found = imported(write_rules(policy, HERE))
    assert Imported.model_validate_json(found.model_dump_json()) == found


def test_every_setting_goes_along() -> None:
    written = json.loads(write_rules(Policy(), HERE))
    for fields in (written["settings"], WrittenSettings.model_fields):
        names = {name.replace("moderators_channel", "moderators_channel_id") for name in fields}
        assert names == set(ServerSettings.model_fields)


def test_what_is_about_members_and_moments_stays_where_it_is() -> None:
    own = Rule(scope=Scope.MEMBER, subject_id=5, kind=LimitKind.DAY, most=1)
    old = Rule(scope=Scope.SERVER, kind=LimitKind.WEEK, most=9)
    content = write_rules(Policy(rules=(own, old)), HERE)
    assert b'"day"' not in content
    found = imported(write_rules(Policy(), HERE))
    assert found.applied_to(Policy(rules=(own, old)), NOW).rules == (own,)


def test_a_budget_holds_since_now_unless_it_stays_the_same() -> None:
    def of(amount: float) -> Policy:
        return Policy(budgets={Period.DAY: Budget(credits=amount, since=BEFORE)})

    found = imported(write_rules(of(5), HERE))
    assert found.applied_to(of(5), NOW).budgets[Period.DAY].since == BEFORE
    assert found.applied_to(of(6), NOW).budgets[Period.DAY].since == NOW


def file(**changes: Any) -> bytes:
    """Return a file of an empty server with some of it changed."""
    return json.dumps({**json.loads(write_rules(Policy(), HERE)), **changes}).encode()


def test_what_is_missing_in_a_file_stays_as_it_is() -> None:
    found = imported(
        json.dumps({"format": "veo-bot rules", "version": 1, "server": "x", "words": ["gun"]}).encode()
    )
    here = Policy(channels=frozenset({ART}), words=("knife",), strikes=StrikeRules())
    assert found.applied_to(here, NOW) == here.model_copy(update={"words": ("gun",)})


def test_names_that_are_missing_or_ambiguous_are_left_out() -> None:
    limits: dict[str, Any] = {
        "server": {},
        "roles": [{"role": name, "limits": {"day": 1}} for name in ("Fans", "Twins", "Gone")],
    }
    settings = {
        "channels": ["art", "nowhere"],
        "models": [MODELS[0], "veo-99"],
        "moderators_channel": "closed",
    }
    found = imported(file(limits=limits, settings=settings))
    expected = [
        LeftOut(kind=Kind.ROLE, name="Twins", why=Why.AMBIGUOUS),
        LeftOut(kind=Kind.ROLE, name="Gone", why=Why.MISSING),
        LeftOut(kind=Kind.CHANNEL, name="nowhere", why=Why.MISSING),
        LeftOut(kind=Kind.MODEL, name="veo-99", why=Why.MISSING),
        LeftOut(kind=Kind.CHANNEL, name="closed", why=Why.UNWRITABLE),
    ]
    assert sorted(found.left_out, key=str) == sorted(expected, key=str)
    assert found.staying == ("moderators_channel_id",)
    of_twin = Rule(scope=Scope.ROLE, subject_id=TWIN, kind=LimitKind.DAY, most=7)
    became = found.applied_to(Policy(rules=(of_twin,), moderators_channel_id=MODERATORS), NOW)
    of_fans = Rule(scope=Scope.ROLE, subject_id=FANS, kind=LimitKind.DAY, most=1)
    assert became.rules == (of_twin, of_fans)
    assert (became.channels, became.models) == ({ART}, {MODELS[0]})
    assert became.moderators_channel_id == MODERATORS


def test_a_role_that_the_file_names_twice_is_left_out() -> None:
    roles = [{"role": "Fans", "limits": {"day": most}} for most in (1, 2)]
    found = imported(file(limits={"server": {}, "roles": roles}))
    assert found.left_out == (LeftOut(kind=Kind.ROLE, name="Fans", why=Why.AMBIGUOUS),)
    assert found.policy.rules == ()


@pytest.mark.parametrize(
    ("field", "setting"),
    [
        ("channels", {"channels": ["nowhere"]}),
        ("models", {"models": ["veo-99"]}),
        ("longest_duration", {"longest_duration": 999}),
        ("highest_resolution", {"highest_resolution": "99999P"}),
        ("moderators_channel_id", {"moderators_channel": "nowhere"}),
        ("review", {"review": {"who": "role", "role": "Gone"}}),
    ],
)
def test_a_setting_that_is_nothing_here_stays_as_it_is(field: str, setting: dict[str, Any]) -> None:
    found = imported(file(settings=setting))
    assert found.staying == (field,)
    assert field not in found.fields


def test_whose_requests_wait_and_before_what_is_imported_as_a_whole() -> None:
    gone = {"who": "role", "role": "Gone"}
    found = imported(file(settings={"review": gone, "review_stage": "posted", "review_timeout": "post"}))
    assert found.staying == ("review", "review_stage", "review_timeout")
    assert not found.fields & OF_REVIEW
    policy = Policy(review=ReviewRule(who=Reviewed.ROLE, role_id=999), review_stage=ReviewStage.POSTED)
    assert "review_stage" not in json.loads(write_rules(policy, HERE))["settings"]


@pytest.mark.parametrize(
    ("field", "policy"),
    [
        ("channels", Policy(channels=frozenset({999}))),
        ("moderators_channel", Policy(moderators_channel_id=999)),
        ("review", Policy(review=ReviewRule(who=Reviewed.ROLE, role_id=999))),
    ],
)
def test_a_setting_about_what_is_gone_is_not_in_the_file(field: str, policy: Policy) -> None:
    assert field not in json.loads(write_rules(policy, HERE))["settings"]


def test_a_file_that_an_editor_saved_with_a_mark_of_its_encoding_is_read() -> None:
    content = write_rules(Policy(words=("gun",)), HERE)
    assert read_rules(content.decode().encode("utf-8-sig")) == read_rules(content)


def test_the_largest_file_can_be_imported() -> None:
    wide = "\N{GRINNING FACE}"
    roles = {number: f"{number:03}".ljust(NAME_LENGTH, wide) for number in range(100, 350)}
    kinds = list(LimitKind)
    largest = Policy(
        rules=tuple(
            Rule(scope=Scope.ROLE, subject_id=role_id, kind=kind, most=MAX_VIDEOS)
            for role_id in roles
            for kind in kinds[:2]
        ),
        words=tuple(
            f"{number:03}".ljust(WORD_MAX_LENGTH, "\N{CJK UNIFIED IDEOGRAPH-20000}")
            for number in range(MAX_WORDS)
        ),
    )
    names = ServerNames("x" * NAME_LENGTH, roles=roles, channels={})
    content = write_rules(largest, names)
    assert len(content) <= MAX_BYTES
    assert imported(content, names).applied_to(Policy(), NOW) == largest


def test_the_trail_can_keep_the_longest_name_of_a_server() -> None:
    assert len(f"{2**31}:import:{import_subject('x' * NAME_LENGTH)}") <= 80
    assert import_subject("\0\u200b") == "server:"
