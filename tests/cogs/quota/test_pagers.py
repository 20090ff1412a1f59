"""A forged period of /quota usage is no button of ours: discord.py would log what it raises."""

from collections.abc import Sequence
from datetime import timedelta

import pytest

from bot.usage.service import Tally, UsagePeriod, UsageReport
from cogs.quota.pagers import UsageButton, report_page
from tests.cogs.entitlements import NOON, stamp

PATTERN = UsageButton.__discord_ui_compiled_template__


@pytest.mark.parametrize("period", UsagePeriod)
def test_every_period_has_its_button(period: UsagePeriod) -> None:
    assert PATTERN.fullmatch(UsageButton(period, 3).custom_id)


@pytest.mark.parametrize("custom_id", ["veo1:usage:century:0", "veo1:usage:dayday:0", "veo1:usage::0"])
def test_any_other_is_none(custom_id: str) -> None:
    assert not PATTERN.fullmatch(custom_id)


def report(*by_member: tuple[int, Tally], by_model: Sequence[tuple[str, Tally]] = ()) -> UsageReport:
    return UsageReport(
        period=UsagePeriod.WEEK,
        start=NOON - timedelta(days=6),
        end=NOON,
        total=sum((tally for _, tally in by_member), Tally()),
        by_member=by_member,
        by_model=by_model,
        days=(),
    )


def test_the_totals_come_first_then_the_models_then_the_members() -> None:
    alice, forgotten = Tally(12, 2, 1, 3, 3_120_000.0, 2_000_000.0), Tally(1, 0, 0, 0, 0.5)
    page = report_page(
        report((7, alice), (0, forgotten), by_model=[("google/veo3", alice), ("gone/model", forgotten)]), 0
    )
    assert page.content == (
        f"**Usage of the last 7 days** (since <t:{stamp(-144)}:f>)\n"
        f"Total: 13 videos, 2 failed, 1 cancelled, 3 in progress, $1.56 (3,120,000 credits)\n"
        f"Confirmed by the video service: $1.00 (2,000,000 credits)\nBy model:\n"
        f"- Veo 3: 12 videos, 2 failed, 1 cancelled, 3 in progress, $1.56 (3,120,000 credits)\n"
        f"- gone/model: 1 video, under $0.01 (under 1 credit)\nBy member, highest spending first:\n"
        f"- <@7>: 12 videos, 2 failed, 1 cancelled, 3 in progress, $1.56 (3,120,000 credits)\n"
        f"- members who deleted their data: 1 video, under $0.01 (under 1 credit)\n"
        f"-# The attached file has all numbers. Totals include money reserved for videos in progress."
    )


def test_costs_that_were_not_compared_yet_are_not_said_to_be_nothing() -> None:
    content = report_page(report((7, Tally(1, credits=3_120_000.0))), 0).content
    assert "The video service hasn't confirmed these costs yet.\n" in content
    assert "$0.00" not in content


def test_nothing_is_said_to_be_reserved_where_nothing_is_being_made() -> None:
    assert "reserved" not in report_page(report((7, Tally(1))), 0).content


@pytest.mark.parametrize("number", [0, 3])
def test_where_nobody_asked_there_is_one_page_that_says_so(number: int) -> None:
    page = report_page(report(), number)
    assert page.content.endswith("\nNobody requested a video.")
    assert (page.number, page.count) == (0, 1)
