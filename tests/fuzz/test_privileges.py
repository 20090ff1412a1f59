"""What `SECURITY.md` says of what the bot may do and open, and that the tests that it names are there."""

import re
from pathlib import Path

from bot.settings import Settings
from tests.fuzz.listening import Listener
from tests.fuzz.stage import open_stage

ROOT = Path(__file__).parents[2]


def test_the_bot_sees_servers_and_no_messages_or_members(tmp_path: Path, log: Listener) -> None:
    with open_stage(tmp_path, log) as stage:
        intents = stage.world.app.bot.intents
        assert {name for name, is_on in intents if is_on} == {"guilds"}


def test_the_figures_are_closed_and_local_by_default() -> None:
    fields = Settings.model_fields
    assert fields["http_port"].default is None
    assert fields["http_host"].default == "127.0.0.1"


def test_everything_that_the_threat_model_names_exists() -> None:
    text = (ROOT / "SECURITY.md").read_text(encoding="utf-8")
    named = set(re.findall(r"`((?:bot|cogs|tests)/[\w/.]+)`", text))
    assert len(named) > 25
    assert [path for path in sorted(named) if not (ROOT / path).is_file()] == []
