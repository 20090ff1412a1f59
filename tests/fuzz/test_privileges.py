"""What `SECURITY.md` says of what the bot may do and open."""

from pathlib import Path

from bot.settings import Settings
from tests.fuzz.listening import Listener
from tests.fuzz.stage import open_stage


def test_the_bot_sees_servers_and_no_messages_or_members(tmp_path: Path, log: Listener) -> None:
    with open_stage(tmp_path, log) as stage:
        intents = stage.world.app.bot.intents
        assert {name for name, is_on in intents if is_on} == {"guilds"}


def test_the_figures_are_closed_and_local_by_default() -> None:
    fields = Settings.model_fields
    assert fields["http_port"].default is None
    assert fields["http_host"].default == "127.0.0.1"
