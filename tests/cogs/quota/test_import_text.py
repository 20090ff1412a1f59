"""What a moderator reads before an import fits into one message, whatever the file and the server hold."""

from datetime import UTC, datetime, timedelta

import pytest

from bot.admission.replay import PastRequest
from bot.i18n import locale_used
from bot.i18n.catalogues import languages
from bot.moderation.decisions import Moderator
from bot.moderation.matching import Imported, Kind, LeftOut, Why
from bot.policy.documents import (
    Budget,
    LimitKind,
    Period,
    Policy,
    Rule,
    Scope,
    Step,
    StrikeRules,
)
from bot.preview.comparison import Comparison
from bot.preview.proposal import KeptProposal, Proposal
from bot.preview.service import Preview
from cogs.quota.import_text import import_text
from cogs.ui.lists import MESSAGE_MAX_LENGTH

NOW = datetime(2026, 3, 1, 12, tzinfo=UTC)
MOST_ID = 2**63 - 1
WILD = "*" * 100


def policy(number: int) -> Policy:
    """Return a document with the longest values, each unlike those of the next number."""
    steps = tuple(Step(strikes=90 + step, pause=60 * (1000 * number + step) + 60) for step in range(10))
    return Policy(
        rules=tuple(
            Rule(scope=Scope.ROLE, subject_id=MOST_ID - role, kind=kind, most=10_000 - number)
            for role in range(100)
            for kind in LimitKind
        ),
        budgets={period: Budget(credits=1e13 + number, since=NOW) for period in Period},
        strikes=StrikeRules(days=30 - number, steps=steps),
        channels=frozenset(MOST_ID - 100 * number - place for place in range(50)),
        words=(str(number) * 100,),
    )


def preview(old: Policy, new: Policy, imported: Imported) -> Preview:
    request = PastRequest("1", MOST_ID, NOW, 1e12, 1e12, NOW, counts=True)
    comparison = Comparison(
        NOW - timedelta(days=30),
        requests=100_000,
        refused=[request] * 99_999,
        refused_now=9999,
        gaining=9999,
        by_roles=True,
        strangers=9999,
        forgotten=9999,
        is_cut=True,
    )
    kept = KeptProposal.new(Moderator(1, 2), Proposal(imported=imported), old, NOW)
    return Preview(kept, old, new, comparison, 5, is_changed=True)


@pytest.mark.parametrize("language", [None, *languages()])
@pytest.mark.parametrize("parts", ["all", "the longest alone"])
def test_the_longest_preview_fits_into_a_message(language: str | None, parts: str) -> None:
    old, new = policy(1), policy(2)
    if parts != "all":
        old, new = Policy(strikes=old.strikes), Policy(strikes=new.strikes)
    left_out = tuple(
        LeftOut(kind=kind, name=f"{number}{WILD}"[:100], why=why)
        for kind, why in zip(Kind, Why, strict=True)
        for number in range(100)
    )
    staying = (
        "channels",
        "models",
        "longest_duration",
        "highest_resolution",
        "moderators_channel_id",
        "review",
    )
    imported = Imported(server=WILD, policy=new, fields=frozenset(), left_out=left_out, staying=staying)
    with locale_used(language):
        text = import_text(preview(old, new, imported), imported)
    assert len(text) <= MESSAGE_MAX_LENGTH
    assert "\n- " in text
