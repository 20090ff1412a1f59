"""The rows of a server's settings: every field has one, and each shows what the document and the log keep."""

from bot.policy.documents import Policy, ServerSettings
from bot.provider.catalogue import CATALOGUE
from cogs.moderation.server_settings import SETTINGS
from cogs.moderation.setting_parsers import parse_models


def test_every_setting_has_its_row() -> None:
    assert set(SETTINGS) == set(ServerSettings.model_fields)


def test_what_nobody_has_set_is_shown_the_same_from_the_document_and_from_the_log() -> None:
    policy = Policy()
    logged = policy.model_dump(mode="json")
    for field, row in SETTINGS.items():
        words = row.in_words(getattr(policy, field))
        assert words == row.in_words(logged[field]) != "", field


def test_the_providers_name_allows_all_rows_that_have_it() -> None:
    allowed = parse_models("veo-3.1-lite-generate-001, veo 3", CATALOGUE)
    lite = {f"veo-3.1-lite-generate-001{kind}" for kind in ("", "#image", "#frames")}
    assert allowed == {*lite, "google/veo3"}
