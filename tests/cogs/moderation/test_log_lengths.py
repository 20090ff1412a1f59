"""The longest lines, questions and pages of the log fit into a message, in every language."""

from datetime import UTC, datetime
from typing import Any

import pytest

from bot.db.guild_models import Action, AuditRow
from bot.i18n import locale_used
from bot.i18n.catalogues import languages
from bot.moderation.decided import decision_of
from bot.moderation.undo import ChangedSince, Undone
from bot.provider.catalogue import CATALOGUE
from bot.usage.text import model_label
from cogs.admin.log_view import render_log
from cogs.moderation.audit_log import entry_line
from cogs.moderation.undo_text import changed_text, undone_text
from cogs.ui.lists import MESSAGE_MAX_LENGTH
from tests.cogs.moderation.test_audit_log import LONGEST

AT = datetime(2026, 3, 1, 12, tzinfo=UTC)
MAX_ID, MAX_SNOWFLAKE = 2**31 - 1, 2**63 - 1
MODELS = sorted((model.id for model in CATALOGUE), key=lambda model_id: -len(model_label(model_id)))


def settings(number: int) -> dict[str, Any]:
    """Return settings of which each differs from those of the next number, with the longest values."""
    is_odd = number % 2 == 1
    return {
        "channels": [MAX_SNOWFLAKE - 100 * number - place for place in range(50)],
        "models": MODELS[number : number + 6],
        "longest_duration": 10 + number,
        "highest_resolution": f"{number}080P",
        "placement": "channel" if is_odd else "thread",
        "ask_first": is_odd,
        "moderators_channel_id": MAX_SNOWFLAKE - number,
        "saves_at_once": is_odd,
    }


def limits(number: int) -> dict[str, Any]:
    return dict.fromkeys(("day", "week", "month", "at_once"), 999000 + number)


def block(number: int) -> dict[str, Any]:
    return {"since": AT.isoformat(), "until": None, "reason": str(number) + "*" * 299}


def word(number: int) -> dict[str, Any]:
    return {"word": str(number) + "*" * 99}


def everything(number: int) -> dict[str, Any]:
    """Return what an import or its undo leaves, with the longest names, numbers and lists."""
    steps = [{"strikes": 90 + step, "pause": 60 * (1000 * number + step) + 60} for step in range(10)]
    roles = [f"role:{MAX_SNOWFLAKE - place}" for place in range(250)]
    return {
        "settings:server": settings(number),
        **{f"quota_set:{subject}": limits(number) for subject in ("server", *roles)},
        "budget:budget:day": {"credits": 1e13 + number},
        "budget:budget:month": {"credits": 1e13 + number},
        "word_add:words": {"words": [f"{number}{place:03}" + "*" * 96 for place in range(500)]},
        "strikes:server": {"days": 30 - number, "steps": steps},
    }


def strikes(number: int) -> dict[str, Any]:
    """Return the longest part of an import alone, of which one is shown whatever its length."""
    return {"strikes:server": everything(number)["strikes:server"]}


STATES = [
    (Action.IMPORT, "server:" + "*" * 40, everything),
    (Action.IMPORT, "server:" + "*" * 40, strikes),
    (Action.SETTINGS, "server", settings),
    (Action.QUOTA_SET, f"member:{MAX_SNOWFLAKE}", limits),
    (Action.BLOCK, f"member:{MAX_SNOWFLAKE}", block),
    (Action.WORD_ADD, "words", word),
]


def rows(kind: Action, subject: str, old: Any, new: Any) -> list[AuditRow]:
    """Return the rows of a decision and of its undo, newest first."""
    reason = None if kind in {Action.SETTINGS, Action.IMPORT} else "*" * 300  # these have none
    common: dict[str, Any] = {"id": MAX_ID, "guild_id": 2, "at": AT, "actor_id": MAX_SNOWFLAKE}
    undo = AuditRow(**common, action=Action.UNDO, subject=f"{MAX_ID}:{kind}:{subject}", old=new, new=old)
    return [undo, AuditRow(**common, action=kind, subject=subject, old=old, new=new, reason=reason)]


@pytest.mark.parametrize("language", [None, *languages()])
@pytest.mark.parametrize(("kind", "subject", "state"), STATES)
def test_the_longest_line_question_and_page_fit(
    language: str | None, kind: Action, subject: str, state: Any
) -> None:
    before, left, present = state(1), state(2), state(3)
    entries = rows(kind, subject, before, left)
    decision = decision_of(entries[1])
    with locale_used(language):
        assert max(map(len, map(entry_line, entries))) <= LONGEST
        assert len(changed_text(ChangedSince(decision, present, MAX_ID))) <= MESSAGE_MAX_LENGTH
        notice = undone_text(Undone(decision, left, before), is_gone=subject.startswith("member:"))
        assert len(render_log(entries, notice)) <= MESSAGE_MAX_LENGTH
        longest = "\n".join([notice, *["⚠️ ".ljust(350, "x")] * 3])
        page = render_log(entries, longest)
    assert page.startswith(longest)
    assert len(page) <= MESSAGE_MAX_LENGTH
