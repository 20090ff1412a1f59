"""The custom ids of the buttons: each leads to its own button, and nothing else leads to any."""

import re
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.db.models import Generation, Status
from bot.failures import FailureKind
from cogs.cards.card import render_failure
from cogs.cards.card_message import StopButton, card_message
from cogs.reports.buttons import ReportButton
from cogs.ui.items import VideoButton
from cogs.videos.continue_button import ContinueButton, ExtendButton
from cogs.videos.delete_buttons import ConfirmButton, DeleteButton, KeepButton
from cogs.videos.history_view import HistoryButton
from cogs.videos.repeat_buttons import RemixButton, RerollButton
from cogs.videos.repost import RepostButton
from cogs.videos.result_buttons import result_view
from tests.cogs.generation import generation

BUTTONS: list[type[VideoButton]] = [
    StopButton,
    RerollButton,
    RemixButton,
    ContinueButton,
    ExtendButton,
    RepostButton,
    HistoryButton,
    DeleteButton,
    ConfirmButton,
    KeepButton,
]

ids = st.text("0123456789abcdef", min_size=16, max_size=16)
# Nearly right ones too: another length, upper case, a newline, digits of other scripts.
strings = st.text(max_size=40) | st.from_regex(r"veo1:[a-z-]{1,10}:[0-9a-fA-F\n٣]{0,20}", fullmatch=True)


def pattern_of(button: Any) -> re.Pattern[str]:
    return button.__discord_ui_compiled_template__


@given(generation_id=ids)
async def test_each_id_leads_back_to_its_button_alone(generation_id: str) -> None:
    for button in BUTTONS:
        custom_id = button(generation_id).custom_id
        assert len(custom_id) <= 100, "Discord would refuse this"
        found = [other for other in [*BUTTONS, ReportButton] if pattern_of(other).fullmatch(custom_id)]
        assert found == [button]
        match = pattern_of(button).fullmatch(custom_id)
        assert match is not None
        assert button.from_match(match).generation_id == generation_id


@given(custom_id=strings)
def test_nothing_else_is_a_button(custom_id: str) -> None:
    for button in BUTTONS:
        match = pattern_of(button).fullmatch(custom_id)
        if match is not None:
            assert re.fullmatch(r"[0-9a-f]{16}", match["generation"])
            assert custom_id == f"veo1:{button.action}:{match['generation']}"


def labels(view: Any) -> list[str]:
    return [item.item.label for item in view.children]


@pytest.mark.parametrize("status", Status)
async def test_only_what_is_waited_for_can_be_cancelled(status: Status) -> None:
    shown = card_message(generation(status=status))
    is_open = status in {Status.PREPARING, Status.QUEUED, Status.SUBMITTING, Status.RUNNING}
    assert labels(shown["view"]) == (["Cancel"] if is_open else [])
    assert shown["view"].timeout is None, "discord.py would unregister the button for everybody"


@pytest.mark.parametrize(
    ("status", "expected"),
    [
        (Status.SUCCEEDED, ["Re-roll", "Remix", "Continue", "Extend", "Delete", "Report"]),
        (Status.FAILED, ["Try again", "Remix"]),
        (Status.CANCELLED, []),
    ],
)
async def test_each_result_has_its_buttons(status: Status, expected: list[str]) -> None:
    row: Generation = generation(status=status)
    assert labels(result_view(row)) == expected
    assert result_view(row).timeout is None


async def test_an_image_that_is_too_small_for_a_model_is_tried_with_another_one_only() -> None:
    row = generation(
        status=Status.FAILED,
        failure_kind=FailureKind.IMAGE_SMALL,
        model="google/veo-3.1-i2v",
        picture_urls=["https://cdn.example/small.png"],
    )
    assert labels(result_view(row)) == ["Remix"]
    row.film_id, row.shot = "f" * 16, 1
    assert labels(result_view(row)) == [], "a film's shots are all made by the same models"


async def test_no_other_model_is_offered_where_none_could_make_the_video() -> None:
    row = generation(status=Status.FAILED, failure_kind=FailureKind.IMAGE_SMALL)
    assert labels(result_view(row, has_others=False)) == []
    row.failure_kind = FailureKind.MODEL_GONE
    assert labels(result_view(row, has_others=False)) == ["Try again"]
    row.film_id, row.shot = "f" * 16, 2
    assert labels(result_view(row, has_others=False)) == ["Try again"]
    assert "You can make this shot with another one." in render_failure(row)
    assert "None of the other models you can use here" in render_failure(row, has_others=False)


async def test_nothing_is_said_of_models_where_a_shot_cannot_be_redone_with_any() -> None:
    row = generation(status=Status.FAILED, failure_kind=FailureKind.MODEL_GONE, film_id="f" * 16, shot=1)
    assert labels(result_view(row, has_others=None)) == ["Try again"], "a click says why"
    lines = render_failure(row, has_others=None).splitlines()
    assert lines[1] == "This didn't count toward your limit."


AGAIN = {"Re-roll", "Try again", "Remix"}


@pytest.mark.parametrize("status", [Status.SUCCEEDED, Status.FAILED])
async def test_what_was_made_from_an_image_can_be_made_anew_while_its_link_is_known(status: Status) -> None:
    row = generation(status=status, model="google/veo-3.0-i2v", picture_urls=["https://cdn.example/dead.png"])
    assert len(AGAIN & set(labels(result_view(row)))) == 2, "a click would explain that the link is dead"
    row = generation(status=status, model="google/veo-3.0-i2v")
    assert not AGAIN & set(labels(result_view(row))), "the link is forgotten"
