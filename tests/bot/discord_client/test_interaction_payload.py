"""What is sent as a command is taken as it was declared, or refused with a sentence."""

import math
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.discord_client.interaction_payload import BAD_VALUE, MAX_INTEGER, OUTDATED, UNREADABLE, SentCommand
from bot.errors import UserError

FILE = {"id": "7", "filename": "cat.png", "url": "https://cdn.discordapp.com/cat.png", "size": 70}
DECLARED = {"text": 3, "whole": 4, "truth": 5, "who": 6, "where": 7, "role": 8, "file": 11}


def command(*options: tuple[str, int, Any], **more: Any) -> dict[str, Any]:
    return {
        "name": "quota",
        "type": 1,
        "options": [{"name": name, "type": kind, "value": value} for name, kind, value in options],
        **more,
    }


def refusal_of(data: object) -> str:
    """Return the sentence with which it is refused; empty: it is taken."""
    try:
        SentCommand.read(data).ensure_fits(DECLARED)
    except UserError as error:
        return str(error)
    return ""


@pytest.mark.parametrize(
    ("name", "kind", "value"),
    [("text", 3, ""), ("text", 3, "5"), ("whole", 4, 0), ("whole", 4, -MAX_INTEGER), ("truth", 5, False)],
)
def test_a_value_of_the_declared_type_is_taken(name: str, kind: int, value: object) -> None:
    assert refusal_of(command((name, kind, value))) == ""


@pytest.mark.parametrize("value", [5, 4.5, True, None, math.nan, 10**30, ["x"], {"x": "y"}])
def test_a_text_that_is_none_is_named(value: object) -> None:
    assert refusal_of(command(("text", 3, value))) == (
        "`text` must be text. This didn't count toward your limit."
    )


@pytest.mark.parametrize("value", ["5", 4.0, True, None, math.inf, [5]])
def test_a_number_that_is_none_is_named(value: object) -> None:
    assert refusal_of(command(("whole", 4, value))) == (
        "`whole` must be a whole number. This didn't count toward your limit."
    )


@pytest.mark.parametrize("value", ["yes", 1, 0.0, None])
def test_a_yes_or_no_that_is_none_is_named(value: object) -> None:
    assert refusal_of(command(("truth", 5, value))) == (
        "`truth` must be yes or no. This didn't count toward your limit."
    )


def test_a_value_that_is_said_to_be_of_another_type_is_refused() -> None:
    assert refusal_of(command(("text", 10, "x"))) == (
        "`text` must be text. This didn't count toward your limit."
    )
    assert refusal_of(command(("who", 3, "7"), resolved={"users": {"7": {"id": "7", "username": "x"}}}))


def test_a_number_beyond_what_discord_takes_is_refused() -> None:
    assert refusal_of(command(("whole", 4, MAX_INTEGER + 1))) == BAD_VALUE


@pytest.mark.parametrize(
    ("name", "kind", "section", "thing"),
    [
        ("who", 6, "users", {"id": "7", "username": "bob"}),
        ("where", 7, "channels", {"id": "7", "type": 0}),
        ("role", 8, "roles", {"id": "7", "name": "x"}),
        ("file", 11, "attachments", FILE),
    ],
)
def test_what_is_named_must_be_described_in_the_section_of_its_type(
    name: str, kind: int, section: str, thing: dict[str, Any]
) -> None:
    assert refusal_of(command((name, kind, "7"), resolved={section: {"7": thing}})) == ""
    others: list[dict[str, Any]] = [{}, {section: {}}, {"messages": {}}, {section: {"8": thing}}]
    for resolved in others:
        assert refusal_of(command((name, kind, "7"), resolved=resolved)) == BAD_VALUE
    odd: list[Any] = [7, None, "x", ["7"], {}]
    for value in odd:
        assert refusal_of(command((name, kind, value), resolved={section: {"7": thing}})) == BAD_VALUE


@pytest.mark.parametrize(
    "odd", [{"size": "70"}, {"size": None}, {"filename": 5}, {"url": None}, {"content_type": []}, {"id": "x"}]
)
def test_a_file_of_another_shape_is_refused(odd: dict[str, Any]) -> None:
    data = command(("file", 11, "7"), resolved={"attachments": {"7": {**FILE, **odd}}})
    assert refusal_of(data) == BAD_VALUE


def test_an_option_that_was_not_declared_is_one_of_another_version() -> None:
    assert refusal_of(command(("seconds", 4, 8))) == OUTDATED


def test_the_options_of_a_subcommand_of_a_group_are_found() -> None:
    inner = command(("text", 3, 5))["options"]
    deep: Any = {"name": "a", "options": [{"name": "b", "type": 2, "options": [{"name": "c", "type": 1}]}]}
    deep["options"][0]["options"][0]["options"] = inner
    assert refusal_of(deep) == "`text` must be text. This didn't count toward your limit."


def test_a_message_that_is_not_there_or_odd_cannot_be_read() -> None:
    menu = {"name": "Animate this image", "type": 3, "target_id": "5"}
    absent: list[Any] = [{}, {"messages": {}}, {"messages": {"6": {"content": "x"}}}]
    for resolved in absent:
        with pytest.raises(UserError, match="can't read that message"):
            SentCommand.read({**menu, "resolved": resolved}).ensure_target()
    for odd in (
        {"content": 5},
        {"attachments": [{**FILE, "size": "x"}]},
        {"embeds": [{"image": {"url": 5}}]},
    ):
        with pytest.raises(UserError, match="can't read that message"):
            SentCommand.read({**menu, "resolved": {"messages": {"5": odd}}})
    assert str(UNREADABLE).startswith("I can't read that message.")


def test_a_message_with_all_that_discord_sends_can_be_read() -> None:
    inner: dict[str, Any] = {
        "content": "",
        "attachments": [FILE],
        "embeds": [{"type": "image", "thumbnail": {"url": "x"}}],
    }
    message: dict[str, Any] = {
        "id": "5",
        "content": "my cat",
        "author": {},
        "message_snapshots": [{"message": inner}],
        **inner,
    }
    menu: dict[str, Any] = {
        "name": "x",
        "type": 3,
        "target_id": "5",
        "resolved": {"messages": {"5": message}},
    }
    SentCommand.read(menu).ensure_target()


anything = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=5),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(st.sampled_from(["name", "type", "options", "value", "resolved", "users"]), inner)
    ),
    max_leaves=10,
)


@given(anything)
def test_anything_is_taken_or_refused(data: object) -> None:
    refusal_of(data)
