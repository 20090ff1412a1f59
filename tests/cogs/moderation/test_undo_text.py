"""What an undo and its question say: whatever differs is seen to differ."""

from datetime import UTC, datetime
from itertools import combinations
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.db.guild_models import Action
from bot.moderation.decided import Decision
from bot.moderation.undo import ChangedSince, Undone
from cogs.moderation.audit_log import entry_line
from cogs.moderation.undo_text import changed_text, undone_text
from tests.cogs.moderation.test_audit_log import entry

SINCE = datetime(2026, 3, 1, 12, tzinfo=UTC).isoformat()
channels = st.lists(st.integers(1, 9), max_size=9, unique=True).map(sorted).map(lambda ids: {"channels": ids})


def blocked(reason: str) -> dict[str, Any]:
    return {"since": SINCE, "until": None, "reason": reason}


def question(kind: Action, left: Any, present: Any, before: Any) -> list[str]:
    """Return the states that a question shows, without the words before them."""
    text = changed_text(ChangedSince(Decision(7, kind, "member:3", before, left), present))
    return [line.partition(": ")[2] for line in text.splitlines()[1:]]


@given(channels, channels, channels)
def test_sets_that_differ_are_shown_so(left: Any, present: Any, before: Any) -> None:
    shown = question(Action.SETTINGS, left, present, before)
    for (one, its_text), (other, other_text) in combinations(
        zip((left, present, before), shown, strict=True), 2
    ):
        assert (one == other) == (its_text == other_text)


@pytest.mark.parametrize(("one", "other"), [("a", "b"), ("", "more"), ("c" * 300, "d" * 300)])
def test_reasons_that_differ_late_are_shown_so(one: str, other: str) -> None:
    same = "spam in every channel of this server, day after day, "
    shown = question(Action.BLOCK, blocked(same + one), blocked(same + other), blocked(same * 2 + one))
    assert len(set(shown)) == 3


def test_an_undo_says_which_of_many_channels_changed() -> None:
    was, restored = (
        {"ask_first": True, "channels": [1, 2, 3, 9]},
        {"ask_first": True, "channels": [1, 2, 3, 4]},
    )
    change = "Channels and their threads: <#9>, <#1>, <#2> and 1 more → <#4>, <#1>, <#2> and 1 more."
    undone = Undone(Decision(7, Action.SETTINGS, "server", restored, was), was, restored)
    assert undone_text(undone, is_gone=False) == f"✅ **Undone:** {change}"
    assert entry_line(entry(Action.UNDO, "7:settings:server", old=was, new=restored)).endswith(change)
    assert entry_line(entry(Action.SETTINGS, old=was, new=restored)).endswith(change)


def test_an_undo_of_what_reads_the_same_is_not_empty() -> None:
    was, restored = {"ask_first": True, "placement": "thread"}, {"ask_first": True, "placement": None}
    undone = Undone(Decision(7, Action.SETTINGS, "server", restored, was), was, restored)
    place = "in threads, where possible"
    assert undone_text(undone, is_gone=False) == f"✅ **Undone:** Where videos go: {place} → {place}."


def test_the_question_names_the_newest_change() -> None:
    changed = ChangedSince(Decision(7, Action.WORD_ADD, "words", None, {"word": "gun"}), {"word": "gun"}, 9)
    assert changed_text(changed).splitlines()[1] == "The newest change is #9."
