"""The audit trail in words: every action, in every form that the services write."""

import re
from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.db.guild_models import Action, AuditRow
from bot.moderation.restoring import MEMBER_PARTS, SERVER_PARTS
from bot.policy.documents import LimitKind
from bot.provider.catalogue import CATALOGUE
from cogs.moderation.audit_log import SENTENCES, entry_line
from cogs.moderation.undo_text import STATES

AT = datetime(2026, 3, 1, 12, tzinfo=UTC)
LATER = datetime(2026, 3, 2, 12, tzinfo=UTC)
WHEN, END = f"<t:{int(AT.timestamp())}:f>", f"<t:{int(LATER.timestamp())}:f>"
IN = f"<t:{int(LATER.timestamp())}:R>"
THEN = f"<t:{int(LATER.timestamp())}:f>"
UNTIL = LATER.isoformat()
LONGEST = 900  # characters


def entry(action: Action, subject: str = "server", **values: Any) -> AuditRow:
    """Return a row by a moderator, or by the bot with `actor_id=None`."""
    return AuditRow(
        **{"id": 1, "guild_id": 2, "at": AT, "actor_id": 5, "action": action, "subject": subject, **values}
    )


A = Action
USD = 2_000_000
BUDGET_NEWS = {"budget": 10 * USD, "spent": 8.5 * USD, "resets_at": UNTIL}
GRANTS = [{"amount": 2, "until": UNTIL}, {"amount": 3, "until": UNTIL}]

HOURLY = {"days": 1, "steps": [{"strikes": 3, "pause": 3600}]}
ENDLESS = {"days": 7, "steps": [{"strikes": 2, "pause": 5400}, {"strikes": 4, "pause": None}]}
LADDER = "strikes within 7 days, 2: 90 minutes and 4: until a moderator ends it"

LINES = [
    (entry(A.STRIKES, new=ENDLESS), f"turned strikes on: {LADDER}."),
    (
        entry(A.STRIKES, old=HOURLY, new=ENDLESS),
        f"changed strikes: {LADDER} (before: strikes within 1 day, 3: 1 hour).",
    ),
    (entry(A.STRIKES, old=HOURLY), "turned strikes off."),
    (entry(A.FORGIVE, "member:6", new={"strikes": 1}), "forgave 1 strike of <@6>."),
    (entry(A.FORGIVE, "member:6", new={"strikes": 2}), "forgave 2 strikes of <@6>."),
    (
        entry(A.BLOCK, "member:6", new={"until": UNTIL}, reason="strikes: 3"),
        f"blocked <@6> from /veo until {END}. Reason: “strikes: 3”.",
    ),
    (entry(A.QUOTA_SET, new={"day": 5}), "limited everyone to 5 videos in 24 hours (new)."),
    (
        entry(A.QUOTA_SET, "member:6", old={"day": 3}, new={"day": 1, "week": None}),
        "limited <@6> to 1 video in 24 hours (before: 3), any number of videos in 7 days (new).",
    ),
    (
        entry(A.QUOTA_SET, "role:7", old={"at_once": None}, new={"at_once": 2}),
        "limited <@&7> to 2 videos at once (before: unlimited).",
    ),
    (entry(A.QUOTA_UNSET, "role:7", old={"month": 9}), "removed limits for <@&7>: 9 videos in 30 days."),
    (entry(A.QUOTA_UNSET), "removed limits for everyone: there were none."),
    (
        entry(A.GRANT, "member:6", new={"grants": GRANTS[1:]}),
        f"granted <@6> 3 videos on top of their limits until {END}.",
    ),
    (
        entry(A.GRANT, "member:6", old={"grants": GRANTS[:1]}, new={"grants": GRANTS}),
        f"granted <@6> 3 videos on top of their limits until {END}. They have 5 granted now (before: 2).",
    ),
    (
        entry(A.RESET, "member:6", new={"reset_at": UNTIL}),
        "reset the usage of <@6>: earlier videos no longer count toward limits.",
    ),
    (
        entry(A.RESET, "member:6", old={"reset_at": UNTIL}, new={"reset_at": UNTIL}),
        f"reset the usage of <@6>: earlier videos no longer count toward limits (before: {END}).",
    ),
    (
        entry(A.BUDGET, "budget:day", new={"credits": USD}),
        "set the daily budget to $1.00 (2,000,000 credits) (before: none).",
    ),
    (
        entry(A.BUDGET, "budget:month", old={"credits": USD}),
        "removed the monthly budget (before: $1.00 (2,000,000 credits)).",
    ),
    (entry(A.PAUSE, new={"since": UNTIL}), "paused /veo for everyone."),
    (
        entry(A.PAUSE, old={"since": UNTIL}, new={"since": UNTIL}),
        "paused /veo for everyone (it was already paused).",
    ),
    (entry(A.RESUME, old={"since": UNTIL}), "resumed /veo for everyone."),
    (entry(A.RESUME), "resumed /veo for everyone (it wasn't paused)."),
    (entry(A.BLOCK, "member:6", new={"until": UNTIL}), f"blocked <@6> from /veo until {END}."),
    (
        entry(A.BLOCK, "member:6", old={"until": UNTIL}, new={"until": None}),
        f"blocked <@6> from /veo until a moderator ends it (before: until {END}).",
    ),
    (
        entry(A.UNBLOCK, "member:6", old={"until": None}),
        "unblocked <@6> (the block would have lasted until a moderator ends it).",
    ),
    (entry(A.UNBLOCK, "member:6"), "unblocked <@6> (there was no block)."),
    (entry(A.WORD_ADD, "words", new={"word": "gun"}), "blocked “gun” in prompts."),
    (
        entry(A.WORD_ADD, "words", old={"word": "gun"}, new={"word": "**Gun**"}),
        r"blocked “\*\*Gun\*\*” in prompts (it was already blocked).",
    ),
    (
        entry(
            A.IMPORT,
            "server:*Studio*",
            old={"quota_set:role:7": None, "word_add:words": {"words": ["a", "b"]}},
            new={"quota_set:role:7": {"day": 3}, "word_add:words": {"words": ["b", "c", "d"]}},
        ),
        r"imported the rules of “\*Studio\*”: limits of <@&7>: none → 3 videos in 24 hours; "
        "2 blocked words added: “c” and “d”; 1 blocked word removed: “a”.",
    ),
    (entry(A.IMPORT, "server:Studio"), "imported the rules of “Studio” without changes."),
    (entry(A.WORD_REMOVE, "words", old={"word": "gun"}), "allowed “gun” in prompts again."),
    (entry(A.WORD_REMOVE, "words"), "tried to remove a blocked word that wasn't on the list."),
    (
        entry(A.WORD_REMOVE, "lifted:gun"),
        "lifted “gun” after an appeal; it was no longer on the list of blocked words.",
    ),
    (
        entry(
            A.BLOCK, "member:4", old={"until": None}, new={"until": None}, reason="report 0123456789abcdef"
        ),
        "chose to block <@4> from /veo for 24 hours; the longer block until a moderator ends it stays. "
        "Reason: “report 0123456789abcdef”.",
    ),
    (
        entry(
            A.SETTINGS,
            old={"channels": [], "models": [], "longest_duration": None, "moderators_channel_id": None},
            new={
                "channels": [4, 3],
                "models": ["google/veo3", "gone/*model*"],
                "longest_duration": 6,
                "moderators_channel_id": 9,
            },
        ),
        r"changed settings: Channels and their threads: all → <#3>, <#4>; Models: all → gone/\*model\*, "
        "Veo 3; Longest video: any → 6 seconds; Moderators' channel: none → <#9>.",
    ),
    (
        entry(
            A.SETTINGS,
            old={"placement": "channel", "highest_resolution": "1080P", "channels": [1, 2, 3, 4, 5]},
            new={"placement": None, "highest_resolution": None, "channels": []},
        ),
        "changed settings: Where videos go: in the channel, as replies → in threads, where "
        "possible; Highest resolution: 1080P → any; Channels and their threads: <#1>, <#2>, <#3> "
        "and 2 more → all.",
    ),
    (
        entry(A.SETTINGS, old={"placement": None}, new={"placement": "thread"}),
        "saved the settings without changes.",
    ),
    (
        entry(A.CANCEL, "generation:00ff", new={"counts": True}),
        "cancelled the video `00ff`; it counts toward limits.",
    ),
    (
        entry(A.CANCEL, "generation:00ff", new={"counts": False}),
        "cancelled the video `00ff`; it doesn't count toward limits.",
    ),
    (entry(A.VIDEO_DELETE, "generation:00ff", new={"user_id": 6}), "deleted the video `00ff` by <@6>."),
    (entry(A.VIDEO_DELETE, "generation:00ff", new={"user_id": 0}), "deleted the video `00ff`."),
    (entry(A.REPORT_DISMISS, "generation:00ff"), "dismissed a report about the video `00ff`."),
    (entry(A.APPEAL_ALLOW, "member:6"), "allowed a refused request by <@6> once."),
    (entry(A.APPEAL_DECLINE, "member:6"), "declined an appeal by <@6>."),
    (
        entry(A.REVIEW_APPROVE, "generation:00ff", new={"user_id": 6}),
        "approved the request `00ff` by <@6>.",
    ),
    (entry(A.REVIEW_DECLINE, "film:00ff", new={"user_id": 6}), "declined the request `00ff` by <@6>."),
    (
        entry(A.UNDO, "7:quota_set:role:8", old={"day": 3, "week": None}, new={"day": 5}),
        "undid #7: limits of <@&8>: "
        "3 videos in 24 hours, any number of videos in 7 days → 5 videos in 24 hours.",
    ),
    (
        entry(A.UNDO, "7:quota_unset:server", new={"at_once": 2}),
        "undid #7: limits of everyone: none → 2 videos at once.",
    ),
    (
        entry(A.UNDO, "7:budget:budget:day", old={"credits": 5 * USD}),
        "undid #7: daily budget: $5.00 (10,000,000 credits) → none.",
    ),
    (
        entry(A.UNDO, "7:grant:member:6", old={"grants": GRANTS[1:]}),
        f"undid #7: extra videos for <@6>: 3 videos until {END} → none.",
    ),
    (
        entry(A.UNDO, "7:reset:member:6", old={"reset_at": UNTIL}),
        f"undid #7: last usage reset of <@6>: {END} → never.",
    ),
    (
        entry(A.UNDO, "7:resume:server", new={"since": UNTIL, "reason": "**exams**"}),
        r"undid #7: /veo: not paused → paused (“\*\*exams\*\*”).",
    ),
    (
        entry(A.UNDO, "7:unblock:member:6", new={"until": UNTIL}),
        f"undid #7: <@6>: not blocked → blocked until {END}.",
    ),
    (
        entry(A.UNDO, "7:word_add:words", old={"word": "**x**"}),
        r"undid #7: “\*\*x\*\*”: blocked in prompts → allowed in prompts.",
    ),
    (
        entry(A.UNDO, "7:settings:server", old={"ask_first": True}, new={"ask_first": False}),
        "undid #7: Members confirm the price: yes → no.",
    ),
]

NEWS = [
    (
        entry(A.BUDGET_WARNING, "budget:day", actor_id=None, new=BUDGET_NEWS),
        f"⚠️ 85% of today's budget is spent or reserved: $8.50 (17,000,000 credits) of $10.00 "
        f"(20,000,000 credits). The budget resets {IN}.",
    ),
    (
        entry(A.BUDGET_WARNING, "budget:month", actor_id=None, new={**BUDGET_NEWS, "budget": 0, "spent": 0}),
        f"⚠️ 80% of this month's budget is spent or reserved: $0.00 (0 credits) of $0.00 (0 credits). "
        f"The budget resets {IN}.",
    ),
    (
        entry(A.BUDGET_REACHED, "budget:month", actor_id=None, new=BUDGET_NEWS),
        f"⛔ This month's budget has $1.50 (3,000,000 credits) left, too little for a video that was "
        f"requested. I'll reject requests like it until {THEN}.",
    ),
    (
        entry(A.BUDGET_REACHED, "budget:month", actor_id=None, new={**BUDGET_NEWS, "spent": 20_000_000}),
        f"⛔ This month's budget is used up; /veo is unavailable until {THEN}.",
    ),
]


@pytest.mark.parametrize(("row", "sentence"), LINES)
def test_what_a_moderator_did_is_said(row: AuditRow, sentence: str) -> None:
    assert entry_line(row) == f"{WHEN} #1 <@5> {sentence}"


@pytest.mark.parametrize(("row", "sentence"), NEWS)
def test_what_the_bot_says_by_itself_is_said(row: AuditRow, sentence: str) -> None:
    assert entry_line(row) == f"{WHEN} #1 The bot: {sentence}"


def test_every_action_has_its_text_and_its_test() -> None:
    assert set(SENTENCES) == set(Action)
    assert {row.action for row, _ in [*LINES, *NEWS]} == set(Action)


def test_whatever_can_be_undone_has_its_words() -> None:
    assert set(STATES) == {*SERVER_PARTS, *MEMBER_PARTS}


@pytest.mark.parametrize("action", Action)
def test_a_row_that_says_nothing_more_has_a_line_too(action: Action) -> None:
    assert entry_line(entry(action)).startswith(WHEN)


def test_the_reason_is_shown_harmlessly_and_cut() -> None:
    line = entry_line(entry(A.PAUSE, reason="@everyone **look** <@9> [a](https://b.example)" + "x" * 500))
    assert (
        r" Reason: “@ZWSPeveryone \*\*look\*\* \<@9> \[a\](https\://b.example)xx".replace("ZWSP", "\u200b")
        in line
    )
    assert line.endswith("x…”.")


ids = st.integers(min_value=10**17, max_value=2**63)
nasty = st.sampled_from(["*", "_", "x", "<@1>", "@everyone", "\n# "]).map(lambda text: text * 300)
kinds = st.sampled_from(LimitKind).map(str)
limits = st.dictionaries(kinds, st.none() | st.integers(0, 10**6), max_size=4)
settings = st.fixed_dictionaries(
    {
        "channels": st.lists(ids, max_size=30, unique=True),
        "models": st.lists(
            st.sampled_from([model.id for model in CATALOGUE] + ["gone/" + "x_" * 29]),
            max_size=3,
            unique=True,
        ),
        "longest_duration": st.none() | st.integers(4, 8),
        "highest_resolution": st.sampled_from([None, "720P", "1080P"]),
        "placement": st.sampled_from([None, "channel", "thread"]),
        "moderators_channel_id": st.none() | ids,
    }
)
told = {
    A.QUOTA_SET: limits,
    A.SETTINGS: settings,
    A.WORD_ADD: st.fixed_dictionaries({"word": nasty}),
    A.BLOCK: st.fixed_dictionaries({"until": st.none() | st.just(UNTIL)}),
}
undone = {
    A.QUOTA_SET: limits,
    A.SETTINGS: settings,
    A.WORD_ADD: st.fixed_dictionaries({"word": nasty}),
    A.BLOCK: st.fixed_dictionaries({"until": st.none() | st.just(UNTIL), "reason": nasty}),
}


@given(st.data(), st.sampled_from(sorted(told)), ids, ids, nasty)
def test_a_line_is_short_and_mentions_only_whom_it_is_about(
    data: st.DataObject, action: Action, actor: int, subject: int, reason: str
) -> None:
    old, new = data.draw(told[action]), data.draw(told[action])
    why = None if action is A.SETTINGS else reason  # settings are changed without one
    line = entry_line(entry(action, f"member:{subject}", actor_id=actor, old=old, new=new, reason=why))
    assert len(line) <= LONGEST, f"a page of the log could not hold it: {line}"
    assert "\n" not in line
    unescaped = re.sub(r"\\.", "", line)
    assert set(re.findall(r"<@!?&?\d+>", unescaped)) <= {f"<@{actor}>", f"<@{subject}>"}
    assert "@everyone" not in line


@given(st.data(), st.sampled_from(sorted(undone)), ids, ids)
def test_the_line_of_an_undo_is_as_short(data: st.DataObject, kind: Action, actor: int, member: int) -> None:
    old, new = data.draw(undone[kind]), data.draw(undone[kind])
    subject = f"2147483647:{kind}:member:{member}"
    line = entry_line(entry(A.UNDO, subject, id=2147483647, actor_id=actor, old=old, new=new))
    assert len(line) <= LONGEST, f"a page of the log could not hold it: {line}"
    assert "\n" not in line
    assert set(re.findall(r"<@!?&?\d+>", re.sub(r"\\.", "", line))) <= {f"<@{actor}>", f"<@{member}>"}
