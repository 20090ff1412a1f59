"""The rows of a server's settings: every field has one, and each shows what the document and the log keep."""

from bot.policy.documents import Policy, ServerSettings
from cogs.moderation.server_settings import SETTINGS


def test_every_setting_has_its_row() -> None:
    assert set(SETTINGS) == set(ServerSettings.model_fields)


def test_what_nobody_has_set_is_shown_the_same_from_the_document_and_from_the_log() -> None:
    policy = Policy()
    logged = policy.model_dump(mode="json")
    for field, row in SETTINGS.items():
        words = row.in_words(getattr(policy, field))
        assert words == row.in_words(logged[field]) != "", field
