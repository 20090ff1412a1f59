"""What a moderator reads before an import fits into one message, whatever the file and the server hold."""

from collections.abc import Mapping
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from bot.db.models import Unreviewed
from bot.db.review_models import ReviewStage
from bot.i18n import _, locale_used, ngettext
from bot.i18n.catalogues import languages
from bot.moderation.decisions import Moderator
from bot.moderation.matching import Imported, Kind, LeftOut, Why
from bot.policy.documents import (
    Budget,
    LimitKind,
    Period,
    Policy,
    Reviewed,
    ReviewRule,
    Rule,
    Scope,
    Step,
    StrikeRules,
)
from bot.preview.comparison import Comparison
from bot.preview.proposal import KeptProposal, Proposal
from bot.preview.service import Preview
from cogs.moderation.server_settings import SETTINGS
from cogs.moderation.undo_text import quote_some
from cogs.quota.import_text import import_text
from cogs.ui.lists import MESSAGE_MAX_LENGTH

NOW = datetime(2026, 3, 1, 12, tzinfo=UTC)
MAX_ID = 2**63 - 1
WILD = "*" * 100


REVIEW: Mapping[str, Any] = {
    "review": ReviewRule(who=Reviewed.NEWCOMERS, days=300, videos=900),
    "review_stage": ReviewStage.POSTED,
    "review_timeout": Unreviewed.POST,
}


def policy(number: int) -> Policy:
    """Return a document with the longest values, each unlike those of the next number."""
    steps = tuple(Step(strikes=90 + step, pause=60 * (1000 * number + step) + 60) for step in range(10))
    subjects = [(Scope.SERVER, 0), *((Scope.ROLE, MAX_ID - role) for role in range(100))]
    return Policy(
        rules=tuple(
            Rule(scope=scope, subject_id=subject_id, kind=kind, most=10_000 - number)
            for scope, subject_id in subjects
            for kind in LimitKind
        ),
        budgets={period: Budget(credits=1e13 + number, since=NOW) for period in Period},
        strikes=StrikeRules(days=30 - number, steps=steps),
        channels=frozenset(MAX_ID - 100 * number - place for place in range(50)),
        words=(str(number) * 100,),
    )


def preview(old: Policy, new: Policy, imported: Imported) -> Preview:
    comparison = Comparison(
        NOW - timedelta(days=30),
        requests=100_000,
        refused=[NOW] * 99_999,
        by_member=[(MAX_ID, 99_999)],
        saved=99_999e12,
        saves_nothing=False,
        refused_now=9999,
        gaining=9999,
        by_roles=True,
        strangers=9999,
        forgotten=9999,
        is_cut=True,
    )
    kept = KeptProposal.new(Moderator(1, 2), Proposal(imported=imported), old, NOW)
    return Preview(kept, old, new, comparison, 5, is_changed=True)


def shown_import(old: Policy, new: Policy, imported: Imported | None = None) -> list[str]:
    """Return the preview's lines."""
    imported = imported or Imported(server="Studio", policy=new, fields=frozenset())
    shown = preview(old, new, imported)
    if (old.rules, old.budgets) == (new.rules, new.budgets):  # there's nothing to compare
        nothing = Comparison(NOW - timedelta(days=30), requests=0)
        shown = replace(shown, comparison=nothing)
    return import_text(shown, imported).splitlines()


ALONE: Mapping[str, frozenset[str]] = {
    "all": frozenset(Policy.model_fields),
    "strikes alone": frozenset({"strikes"}),
    "words alone": frozenset({"words"}),
    "limits alone": frozenset({"rules"}),
}


@pytest.mark.parametrize("language", [None, *languages()])
@pytest.mark.parametrize("parts", ALONE)
def test_the_longest_preview_fits_into_a_message(language: str | None, parts: str) -> None:
    old, new = (Policy(**policy(number).model_dump(include=set(ALONE[parts]))) for number in (1, 2))
    new = new.model_copy(update=REVIEW)
    if parts == "limits alone":
        new = new.model_copy(update={"rules": ()})
    left_out = tuple(
        LeftOut(kind=kind, name=f"{number}{WILD}"[:100], why=why)
        for kind, why in zip(Kind, Why, strict=True)
        for number in range(100)
    )
    staying = ("channels", "models", "longest_duration", "highest_resolution", "moderators_channel_id")
    imported = Imported(server=WILD, policy=new, fields=frozenset(), left_out=left_out, staying=staying)
    with locale_used(language):
        text = "\n".join(shown_import(old, new, imported))
    assert len(text) <= MESSAGE_MAX_LENGTH
    assert "\n- " in text


@pytest.mark.parametrize("language", [None, *languages()])
def test_what_gets_lost_is_shown_before_the_limits_of_many_roles(language: str | None) -> None:
    of_server = policy(1).rules[: len(LimitKind)]
    old = policy(1).model_copy(update={**REVIEW, "rules": of_server, "strikes": StrikeRules()})
    roles = tuple(Rule(scope=Scope.ROLE, subject_id=n, kind=LimitKind.DAY, most=5) for n in range(1, 100))
    left_out = tuple(
        LeftOut(kind=Kind.ROLE, name=f"{number} is a longer name", why=why)
        for why in (Why.MISSING, Why.AMBIGUOUS)
        for number in range(9)
    )
    with locale_used(language):
        new = Policy(rules=roles)
        imported = Imported(server="Studio", policy=new, fields=frozenset(), left_out=left_out)
        shown = "\n".join(shown_import(old, new, imported))
        gone = [
            *(_("daily budget"), _("monthly budget"), _("strikes"), _("limits of everyone")),
            *(_(SETTINGS[field].name) for field in ("channels", *REVIEW)),
        ]
        assert [name for name in gone if f"\n- {name}: " not in shown] == []
        words = quote_some(old.words)
        one, more = "{count} blocked word removed: {words}", "{count} blocked words removed: {words}"
        assert ngettext(one, more, 1, words=words) in shown


def test_roles_that_may_have_more_come_first() -> None:
    def rules(most: Mapping[int, int | None]) -> Policy:
        limits = [Rule(scope=Scope.ROLE, subject_id=n, kind=LimitKind.DAY, most=m) for n, m in most.items()]
        return Policy(rules=tuple(limits))

    old, new = rules({1: 5, 2: 5, 3: 5, 4: 5, 5: None}), rules({1: 4, 2: 6, 3: None, 5: 1, 6: 1, 7: None})
    roles = [line.split(":")[0] for line in shown_import(old, new) if line.startswith("- ")]
    assert roles == [f"- limits of <@&{role}>" for role in (2, 3, 4, 7, 1, 5, 6)]


def test_the_default_is_said_where_the_servers_limit_goes_away() -> None:
    def of(kind: LimitKind) -> Policy:
        return Policy(rules=(Rule(scope=Scope.SERVER, kind=kind, most=3),))

    default = "ℹ️ By default: 5 videos in 24 hours (the bot's default)"
    assert default in shown_import(of(LimitKind.DAY), Policy())
    assert default in shown_import(of(LimitKind.DAY), of(LimitKind.WEEK))
    assert default not in shown_import(of(LimitKind.WEEK), Policy())


EVERYBODY = Policy(review=ReviewRule(who=Reviewed.EVERYBODY))


@pytest.mark.parametrize(
    ("old", "new", "is_said"),
    [
        (Policy(), EVERYBODY, True),
        (EVERYBODY.model_copy(update={"moderators_channel_id": 5}), EVERYBODY, True),
        (EVERYBODY, EVERYBODY.model_copy(update={"review_stage": ReviewStage.POSTED}), True),
        (EVERYBODY, EVERYBODY.model_copy(update={"review_timeout": Unreviewed.POST}), True),
        (EVERYBODY, EVERYBODY.model_copy(update={"words": ("gun",)}), False),
        (EVERYBODY, EVERYBODY.model_copy(update={"moderators_channel_id": 5}), False),
        (EVERYBODY.model_copy(update={"moderators_channel_id": 5}), Policy(), False),
    ],
)
def test_that_nobody_could_approve_is_said_whatever_changes_that(
    old: Policy, new: Policy, *, is_said: bool
) -> None:
    said = any("Without a moderators' channel, nobody can approve" in line for line in shown_import(old, new))
    assert said is is_said


@pytest.mark.parametrize(
    ("change", "is_partial"),
    [
        ({}, False),
        ({"words": ("zebra", "gun")}, True),
        ({"words": ()}, False),
        ({"longest_duration": 4}, True),
        ({"ask_first": True}, False),
    ],
    ids=str,
)
def test_numbers_of_limits_alone_are_said_to_be_no_others(
    change: Mapping[str, Any], is_partial: bool
) -> None:
    old = Policy(words=("gun",))
    limit = Rule(scope=Scope.SERVER, kind=LimitKind.DAY, most=3)
    lines = shown_import(old, old.model_copy(update={"rules": (limit,), **change}))
    assert any("would have refused" in line for line in lines)
    assert any("isn't included" in line for line in lines) == is_partial


def test_without_numbers_nothing_is_said_about_them() -> None:
    assert not any("isn't included" in line for line in shown_import(Policy(), Policy(words=("gun",))))
