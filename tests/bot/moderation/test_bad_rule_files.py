"""Files that are no rules, or whose rules make no sense: each is refused with a sentence."""

from collections.abc import Mapping
from contextlib import suppress
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.errors import BadInputError
from bot.moderation.portable import read_rules
from tests.bot.moderation.test_portable import file, imported

NOT_OURS = "This isn't a file from `/veo-admin export`, or it's damaged. Nothing changed."
NEWER = "This file is from a newer version of the bot, and this one can't read it. Nothing changed."
STRIKES: Mapping[str, Any] = {"days": 7, "steps": [{"strikes": 3, "pause": 60}]}
BAD: Mapping[str, tuple[bytes, str]] = {
    "nothing": (b"", NOT_OURS),
    "no JSON": (b'{"format": "veo-bot rules", ', NOT_OURS),
    "no text": (b"\x89PNG\r\n\xff", NOT_OURS),
    "no object": (b"[1, 2]", NOT_OURS),
    "deep": (b"[" * 100_000, NOT_OURS),
    "another program's": (b'{"format": "other rules", "version": 1}', NOT_OURS),
    "no version": (b'{"format": "veo-bot rules"}', NOT_OURS),
    "an odd version": (file(version=0), NOT_OURS),
    "a later version": (file(version=2, colours=[]), NEWER),
    "something unknown": (file(wrods=["gun"]), "I don't know `wrods` in this file. Nothing changed."),
    "something hostile": (
        file(**{"`<@1>` @everyone": 1}),
        "I don't know `'<@1>' @everyone` in this file. Nothing changed.",
    ),
    "an unknown setting": (
        file(settings={"chanels": ["art"]}),
        "I don't know `settings.chanels` in this file. Nothing changed.",
    ),
    "members' limits": (
        file(limits={"server": {}, "roles": [], "members": []}),
        "I don't know `limits.members` in this file. Nothing changed.",
    ),
    "half a role": (
        file(limits={"server": {}, "roles": [{"role": "Fans"}]}),
        "`limits.roles.0.limits` is missing in this file. Nothing changed.",
    ),
    "10,000 words": (
        file(words=["gun"] * 10_000),
        "`words` has too many entries in this file. Nothing changed.",
    ),
    "many channels": (
        file(settings={"channels": ["x"] * 51}),
        "`settings.channels` has too many entries in this file. Nothing changed.",
    ),
}
# At which field something stands that can't be used.
UNUSABLE: Mapping[str, bytes] = {
    "server": file(server="x" * 101),
    "words": file(words="gun"),
    "words.1": file(words=["gun", "?!"]),
    "words.0": file(words=["x" * 101]),
    "settings.channels": file(settings={"channels": []}),
    "settings.ask_first": file(settings={"ask_first": "yes"}),
    "settings.longest_duration": file(settings={"longest_duration": 10**9}),
    "settings.placement": file(settings={"placement": "moon"}),
    "settings.review.newcomers": file(settings={"review": {"who": "newcomers", "days": 0, "videos": 0}}),
    "settings.review": file(settings={"review": {"who": "me"}}),
    "limits.server.day": file(limits={"server": {"day": -1}, "roles": []}),
    "limits.server.week": file(limits={"server": {"week": 10_001}, "roles": []}),
    "limits.server.month": file(limits={"server": {"month": 1.5}, "roles": []}),
    "budgets.day.credits": file(budgets={"day": {"credits": 1e300}}),
    "budgets.month.credits": file(budgets={"month": {"credits": float("inf")}}),
    "strikes.days": file(strikes={**STRIKES, "days": 31}),
    "strikes.steps.0.pause": file(strikes={**STRIKES, "steps": [{"strikes": 3, "pause": 0}]}),
    "strikes": file(strikes={**STRIKES, "steps": [{"strikes": 3, "pause": 60}, {"strikes": 2, "pause": 90}]}),
}


@pytest.mark.parametrize(("content", "sentence"), BAD.values(), ids=BAD)
def test_a_file_that_is_none_is_refused(content: bytes, sentence: str) -> None:
    with pytest.raises(BadInputError) as refusal:
        read_rules(content)
    assert str(refusal.value) == sentence


@pytest.mark.parametrize(("field", "content"), UNUSABLE.items(), ids=UNUSABLE)
def test_what_makes_no_sense_is_named(field: str, content: bytes) -> None:
    with pytest.raises(BadInputError) as refusal:
        read_rules(content)
    assert str(refusal.value) == f"I can't use what this file says at `{field}`. Nothing changed."


@given(
    st.recursive(
        st.none() | st.booleans() | st.floats() | st.integers() | st.text(),
        lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
    )
)
def test_no_file_does_more_than_be_refused(part: Any) -> None:
    for field in ("server", "settings", "limits", "budgets", "words", "strikes", "other"):
        try:
            content = file(**{field: part})
        except UnicodeEncodeError:
            continue
        with suppress(BadInputError):
            imported(content)
