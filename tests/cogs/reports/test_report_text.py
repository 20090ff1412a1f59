"""What moderators read about a report, as pure text from the rows."""

from dataclasses import replace

import pytest

from bot.db.guild_models import ReportRow
from bot.db.models import Status
from bot.films.script import MAX_SHOTS, TITLE_MAX_LENGTH
from bot.i18n import locale_used
from bot.i18n.catalogues import languages
from bot.moderation.decisions import REASON_MAX_LENGTH
from bot.moderation.reported import ReportedFilm, ReportedVideo
from cogs.reports.report_text import render_report
from cogs.ui.lists import MESSAGE_MAX_LENGTH
from tests.cogs.cards.test_film_card import FAR, LONG, row, shots
from tests.cogs.generation import NOON


def report_of_a_film(prompt: str = LONG, reason: str = LONG) -> ReportedVideo:
    place = {"guild_id": FAR, "result_id": FAR, "result_channel_id": FAR}
    takes = shots(*[Status.SUCCEEDED] * MAX_SHOTS)
    for take in takes:
        take.prompt = prompt
    decided = {"deleted_by": FAR, "blocked_by": FAR}
    values = {"reporter_id": FAR, "created_at": NOON, "reason": reason[:REASON_MAX_LENGTH], **decided}
    report = ReportRow(id="f" * 16, guild_id=FAR, generation_id="e" * 16, **values)
    return ReportedVideo(report, None, ReportedFilm(row(title=LONG[:TITLE_MAX_LENGTH], **place), takes))


@pytest.mark.parametrize("locale", [None, *languages()])
def test_the_longest_report_of_a_film_fits_into_a_message(locale: str | None) -> None:
    with locale_used(locale):
        text = render_report(report_of_a_film())
    assert len(text) <= MESSAGE_MAX_LENGTH
    assert text.endswith("f" * 16), "it is cut"
    assert text.count("\n> **") == MAX_SHOTS


def test_a_block_that_left_a_longer_one_as_it_was_says_so() -> None:
    reported = report_of_a_film("a dragon", "bad")
    assert "Member blocked for 24 hours" in render_report(reported)
    text = render_report(replace(reported, was_blocked=True))
    assert "already blocked for longer, and that block stays in effect" in text
    assert "Member blocked for 24 hours" not in text


def test_as_much_of_the_shots_is_quoted_as_there_is_room_for() -> None:
    text = render_report(report_of_a_film("a dragon " * 20, "bad"))
    assert text.count("> **1** " + "a dragon " * 12) == 1
