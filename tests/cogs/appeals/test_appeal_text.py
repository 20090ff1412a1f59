"""What moderators and members read about an appeal, also while another block holds. Pure text."""

import re
from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any

import pytest

from bot.admission.appeals import RELEASE_TIME
from bot.db.guild_models import AppealDecision, AppealRow
from bot.db.models import Generation, Status
from bot.markup import absolute_time, relative_time
from bot.moderation.appeal_decisions import LATER_BLOCK, RECENT, Appeal
from bot.policy.documents import Block
from cogs.appeals.answer_text import render_decision
from cogs.appeals.appeal_text import MESSAGE_LENGTH, render_appeal
from tests.cogs.generation import NOON, generation

ENDLESS = Block(since=NOON)
TOO_SHORT = "expires before the block ends"


def appeal(
    rule: str,
    block: Block | None = None,
    decision: AppealDecision | None = None,
    *,
    recent: Sequence[Generation] = (),
    words: str = "a zebra",
    **changes: Any,
) -> Appeal:
    row = AppealRow(
        id="a" * 16,
        guild_id=1,
        user_id=2,
        rule=rule,
        prompt=words,
        fingerprint="f",
        created_at=NOON,
        asked_at=NOON,
        why="please",
        decision=decision,
        decided_by=3,
        decided_at=decision and NOON,
    )
    return Appeal(row, recent, block=block, now=NOON, **changes)


def until(moment: datetime) -> Block:
    return Block(since=NOON, until=moment)


def test_moderators_read_what_became_of_each_of_the_last_requests() -> None:
    recent = [
        generation(prompt="one"),
        generation(prompt="two", status=Status.SUCCEEDED),
        generation(prompt="three", status=Status.FAILED),
        generation(prompt="four", status=Status.CANCELLED),
        generation(prompt="five", status=Status.SUCCEEDED, removed_at=NOON),
        generation(prompt="six", erase_at=NOON),
    ]
    text, when = render_appeal(appeal("word:zebra", recent=recent)), relative_time(NOON)
    told = [f"⏳ {when} one", f"✅ {when} two", f"❌ {when} three", f"🛑 {when} four", f"🗑️ {when} five"]
    first = text.split("\n").index("Their last requests:") + 1
    assert text.split("\n")[first : first + 5] == told
    assert "six" not in text, "it's to be forgotten, and the message may never be edited again"
    assert "They haven't requested a video here yet." in render_appeal(appeal("word:zebra"))


def test_ten_long_requests_fit_beside_a_long_prompt_and_of_even_longer_ones_the_oldest_are_left_out() -> None:
    long = render_appeal(
        appeal("word:zebra", words="fox " * 200, recent=[generation(prompt="fox " * 200)] * 10)
    )
    assert long.count("⏳ ") == RECENT
    recent = [generation(prompt=f"{number}{'*_' * 200}") for number in range(10)]
    text = render_appeal(appeal("word:zebra", words="*_" * 400, recent=recent))
    shown = [line[0] for line in text.split(f"{relative_time(NOON)} ")[1:]]
    assert shown == [str(number) for number in range(len(shown))]
    assert 0 < len(shown) < RECENT
    assert len(text) <= MESSAGE_LENGTH


def test_which_of_two_blocks_is_the_later_one_is_not_claimed() -> None:
    for text in (render_appeal(appeal("block:then", ENDLESS)), LATER_BLOCK):
        assert "since" not in text
        assert "They're under a different block now" in text


def test_moderators_read_why_the_member_is_blocked_and_for_how_long() -> None:
    day = NOON + timedelta(days=1)
    shown = {
        "ℹ️ That block was set to last until a moderator ends it. Reason: “Too many strikes.”.": None,
        f"ℹ️ That block was set to last until {absolute_time(day)}. Reason: “Too many strikes.”.": day,
    }
    for line, end in shown.items():
        asked = appeal("block:then", asked_block=Block(since=NOON, until=end, reason="Too many strikes."))
        assert line in render_appeal(asked).split("\n")
        assert "strikes" not in render_appeal(asked, quote=False), "the word filter may hide that, too"


@pytest.mark.parametrize("block", [ENDLESS, until(NOON + RELEASE_TIME)])
@pytest.mark.parametrize("rule", ["word:zebra", f"deletion:{'b' * 16}"])
def test_who_is_blocked_for_longer_than_what_was_allowed_is_told_what_to_do_and_so_are_moderators(
    rule: str, block: Block
) -> None:
    given = appeal(rule, block, AppealDecision.ALLOW)
    told = render_decision(given, "Ours")
    assert TOO_SHORT in told
    assert "Ask a moderator there to unblock you first." in told
    assert ("The block lasts until <t:" in told) is (block.until is not None)
    assert "unblock them with `/veo-admin unblock`" in render_appeal(given)
    assert "Anything *Allow once* gives them would expire before the block ends" in render_appeal(
        appeal(rule, block)
    )


@pytest.mark.parametrize("rule", ["word:zebra", f"deletion:{'b' * 16}"])
def test_a_block_that_ends_sooner_only_has_to_be_waited_for(rule: str) -> None:
    block = until(NOON + RELEASE_TIME - timedelta(minutes=1))
    given = appeal(rule, block, AppealDecision.ALLOW)
    assert TOO_SHORT not in render_decision(given, "Ours")
    assert "The block lasts until <t:" in render_decision(given, "Ours")
    assert "longer" not in render_appeal(given)
    assert "would expire before" not in render_appeal(appeal(rule, block))


@pytest.mark.parametrize("rule", ["word:zebra", f"deletion:{'b' * 16}", f"deletion:{'b' * 16}:2"])
@pytest.mark.parametrize("decision", AppealDecision)
def test_a_direct_message_stays_so_its_times_still_read_well_once_they_are_past(
    rule: str, decision: AppealDecision
) -> None:
    told = render_decision(appeal(rule, until(NOON + RELEASE_TIME), decision), "Ours")
    assert re.search(r"(?<!\()<t:\d+:R>", told) is None, (
        "a relative time that stands alone becomes “ends 3 hours ago”"
    )


def test_a_lifted_word_needs_no_haste() -> None:
    lifted = appeal("word:zebra", ENDLESS, AppealDecision.LIFT)
    assert TOO_SHORT not in render_decision(lifted, "Ours")
    assert "Ask a moderator when you can use it again." in render_decision(lifted, "Ours")
    assert "longer" not in render_appeal(lifted)


def test_moderators_read_that_a_block_that_they_are_asked_about_is_over() -> None:
    assert "That block has ended" in render_appeal(appeal("block:then", None, is_block_over=True))
