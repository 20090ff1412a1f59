"""A changed client can send any custom id: it never acts on what is another member's or server's.

Nor does it for those who may act on something of their own: an owner, a moderator.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass

import pytest
from hypothesis import strategies as st

from tests.fuzz.crime import ELSEWHERE, ENTITLED, STRANGERS, Crime
from tests.fuzz.rows import Row
from tests.fuzz.tally import fuzz

TARGETS = ("video", "request", "offer", "film", "report", "appeal", "review", "member", "decision")
ODD = ["\n", " ", "\0", "٣", "x", ":", "0" * 30, "-", "ffff", "\ud800", "veo1:", "A", "🎬"]


@dataclass(frozen=True)
class Forgery:
    """Who clicks what: a pattern's number, whose what it is about, a seed for the rest, what is changed."""

    role: str
    pattern: int
    owner: str
    target: str
    filling: str
    changes: tuple[tuple[int, str], ...]


def forgeries(*roles: str, owners: Sequence[str]) -> st.SearchStrategy[Forgery]:
    """Draw custom ids that some people click, about what is some members'."""
    return st.builds(
        Forgery,
        role=st.sampled_from(roles),
        pattern=st.integers(0, 1000),
        owner=st.sampled_from(owners),
        target=st.sampled_from(TARGETS),
        filling=st.text("0123456789abcdefdaymonth", min_size=1, max_size=20),
        changes=st.just(())
        | st.lists(st.tuples(st.integers(0, 60), st.sampled_from(ODD)), max_size=2).map(tuple),
    )


def written(pattern: str, target: str, filling: str) -> str:
    """Return a custom id that fits a pattern, with an id for its groups of ids."""
    text = re.sub(r"\(\?P<(generation|id|draft|film|report|appeal|review|user_id)>[^)]*\)", target, pattern)
    text = re.sub(r"\(\?P<preview>[^)]*\)", f"1900000000-{target}", text)
    text = re.sub(r"\(\?P<decision>(\w+)[^)]*\)", r"\1", text)
    text = re.sub(r"\(\?P<(revision|page|shot|last|amount)>[^)]*\)", "1", text)
    text = re.sub(r"\(\?P<decision_id>[^)]*\)", lambda _: target if target.isdecimal() else "1", text)
    text = re.sub(r"\(\?P<seen>[^)]*\)", "0123456789abcdef", text)
    text = re.sub(r"\(\?P<(?:target|step|rule|list)>(\w+)[^)]*\)", r"\1", text)
    text = re.sub(r"\(\?P<before>[^)]*\)", "0", text)
    text = re.sub(r"\(\?P<model>[^)]*\)", "google/veo-3.0-fast", text)
    text = re.sub(r"\(\?P<here>[^)]*\)\?", "", text)
    return re.sub(r"\(\?P<period>[^)]*\)", lambda _: filling, text)


def changed(text: str, changes: tuple[tuple[int, str], ...]) -> str:
    """Return a text with other characters in some places."""
    for place, part in changes:
        place %= len(text) + 1  # noqa: PLW2901 wherever it lands
        text = text[:place] + part + text[place + place % 2 :]
    return text


def play(crime: Crime, role: str, custom_id: str, before: list[list[Row]]) -> None:
    """Let somebody click, and check what must hold; `before`: what isn't theirs to change."""
    crime.stage.log.forget()
    crime.check(crime.stage.play(crime.click(role, custom_id)))
    assert crime.protected(role) == before, f"{role} changed what is another's with {custom_id!r}"


def forge(crime: Crime, case: Forgery) -> None:
    """Play one case."""
    patterns, targets = list(crime.patterns), crime.belongings_of[case.owner]
    custom_id = written(patterns[case.pattern % len(patterns)], targets[case.target], case.filling)
    play(crime, case.role, changed(custom_id, case.changes)[:100], crime.protected(case.role))


def click_all(crime: Crime, role: str, owner: str) -> None:
    """Let somebody click all of our buttons about what is somebody's."""
    assert len(crime.patterns) > 15, "the program's buttons were not found"
    before = crime.protected(role)
    for pattern in crime.patterns:
        if role == ELSEWHERE and "user_id" in pattern:
            continue  # one's own data is given and deleted for all servers, wherever that is asked for
        targets = (crime.belongings_of[owner][target] for target in TARGETS)
        for custom_id in dict.fromkeys(written(pattern, target, "day") for target in targets):
            play(crime, role, custom_id, before)
    crime.rows.assert_legal()


@pytest.mark.nightly(daily=["another member"])
@pytest.mark.parametrize("role", STRANGERS)
def test_nobody_acts_on_what_is_anothers_with_any_of_our_buttons(crime: Crime, role: str) -> None:
    click_all(crime, role, "alice")


@pytest.mark.nightly(daily=["a moderator-bob"])
@pytest.mark.parametrize(
    ("role", "owner"),
    [
        ("the owner", "bob"),
        ("the owner", "yves"),
        ("a moderator", "bob"),
        ("a moderator", "yves"),
        (ELSEWHERE, "alice"),
    ],
)
def test_having_rights_somewhere_gives_none_elsewhere(crime: Crime, role: str, owner: str) -> None:
    click_all(crime, role, owner)


def test_every_right_custom_id_is_taken_for_one(crime: Crime) -> None:
    for pattern, compiled in crime.patterns.items():
        fitting = [written(pattern, target, "day") for target in crime.targets.values()]
        assert any(compiled.fullmatch(custom_id) for custom_id in fitting), f"{pattern} was never tried"


def test_forged_custom_ids_change_nothing_of_others_and_break_nothing(crime: Crime) -> None:
    cases = forgeries(*STRANGERS, owners=["alice"])
    fuzz("custom ids", 32, cases, lambda case: forge(crime, case))
    crime.rows.assert_legal()


def test_forged_custom_ids_of_owners_and_moderators_stay_within_what_is_theirs(crime: Crime) -> None:
    cases = forgeries(*ENTITLED, owners=["bob", "yves"]) | forgeries(*ENTITLED, owners=["alice"])
    fuzz("custom ids of owners and moderators", 32, cases, lambda case: forge(crime, case))
    crime.rows.assert_legal()
