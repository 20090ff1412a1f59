"""All settings fit into one message, and what's wrong with them is always said."""

from datetime import UTC, datetime

import pytest

from bot.db.models import Placement, Unreviewed
from bot.db.review_models import ReviewStage
from bot.i18n import _, locale_used
from bot.i18n.catalogues import languages
from bot.policy.documents import MAX_CHANNELS, Pause, Policy, Reviewed, ReviewRule
from bot.provider.catalogue import CATALOGUE
from cogs.moderation.server_settings import SETTINGS
from cogs.moderation.server_warnings import UNUSABLE
from cogs.moderation.settings_text import render_settings
from cogs.ui.lists import MESSAGE_MAX_LENGTH

MAX_ID = 2**63 - 1
LONGEST = Policy(
    channels=frozenset(MAX_ID - number for number in range(MAX_CHANNELS)),
    models=frozenset(model.id for model in CATALOGUE),
    longest_duration=8,
    highest_resolution="1080P",
    placement=Placement.CHANNEL,
    moderators_channel_id=MAX_ID,
    review=ReviewRule(who=Reviewed.NEWCOMERS, days=366, videos=1000),
    review_stage=ReviewStage.POSTED,
    review_timeout=Unreviewed.POST,
    pause=Pause(since=datetime(2026, 3, 1, tzinfo=UTC)),
)


@pytest.mark.parametrize("language", [None, *languages()])
@pytest.mark.parametrize("policy", [LONGEST, LONGEST.model_copy(update={"moderators_channel_id": None})])
@pytest.mark.parametrize("changed", [(), tuple(SETTINGS)])
@pytest.mark.parametrize("offered", [CATALOGUE, CATALOGUE[:1]], ids=["all models", "one model"])
def test_the_longest_settings_fit_with_all_warnings(
    language: str | None, policy: Policy, changed: tuple[str, ...], offered: tuple[object, ...]
) -> None:
    models = [model for model in CATALOGUE if model in offered]
    with locale_used(language):
        unusable = [_(UNUSABLE, channel=f"<#{MAX_ID}>")] if policy.moderators_channel_id else []
        warnings = [*unusable, "⚠️ ".ljust(300, "x")]
        text = render_settings(policy, models, changed, warnings)
    assert len(text) <= MESSAGE_MAX_LENGTH
    assert all(f"\n{warning}" in text for warning in warnings)
    assert text.count("<#") > 2, "no channel is named where /veo works"
