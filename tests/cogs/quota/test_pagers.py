"""A forged period of /quota usage is no button of ours: discord.py would log what it raises."""

import pytest

from bot.usage.service import UsagePeriod
from cogs.quota.pagers import UsageButton

PATTERN = UsageButton.__discord_ui_compiled_template__


@pytest.mark.parametrize("period", UsagePeriod)
def test_every_period_has_its_button(period: UsagePeriod) -> None:
    assert PATTERN.fullmatch(UsageButton(period, 3).custom_id)


@pytest.mark.parametrize("custom_id", ["veo1:usage:century:0", "veo1:usage:dayday:0", "veo1:usage::0"])
def test_any_other_is_none(custom_id: str) -> None:
    assert not PATTERN.fullmatch(custom_id)
