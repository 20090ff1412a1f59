"""Who speaks another language than English reads no English: every text comes from the catalogue.

The language is one that nobody speaks (`tests.pseudo`); members, moderators and outsiders go through what
they do most. On the way, each message is looked at whether everybody can read it, and what the database is
asked is noted: none of it may grow with what is over.
"""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from bot.i18n import catalogues
from sandbox.world import World
from tests.e2e.driver import PROMPT, ask_and_hold, case, requests
from tests.e2e.flows import FLOWS, WRITTEN
from tests.e2e.query_plans import find_scans, statements_noted
from tests.e2e.readable import assert_readable, messages, seen_files
from tests.e2e.spoken import bare_lines, said, set_guild_locale, speak_pseudo
from tests.pseudo import LOCALE, bare_words, bracketed, forget_catalogues, write_pseudo


@pytest.fixture(autouse=True)
def everybody_speaks_it(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """The pseudo-language instead of the real ones, from before the program starts."""
    folder = tmp_path / "locales"
    write_pseudo(folder)
    monkeypatch.setattr(catalogues, "FOLDER", folder)
    forget_catalogues()
    speak_pseudo(monkeypatch)
    yield
    forget_catalogues()


@pytest.fixture
def asked() -> Iterator[dict[str, Any]]:
    """What the database is asked, from before the program starts."""
    with statements_noted() as statements:
        yield statements


async def test_nobody_reads_english_everybody_can_read_it_and_nothing_reads_all_requests(
    asked: dict[str, Any], own_world: World, data_dir: Path
) -> None:
    world, kinds = own_world, set[str]()
    for flow in FLOWS:
        world.found_server()
        world.env.http_requests.clear()
        set_guild_locale(world)
        with case(flow.__name__):
            await flow(world)
            assert list(said(world)), "nothing was said at all"
            bare = bare_lines(world, *WRITTEN)
            assert not bare, "\n".join(["these are in English:", *bare])
            for path, body in messages(world):
                assert_readable(path, body)
                kinds |= {Path(file["filename"]).suffix for file in seen_files(body)}
        world.provider.faults.clear()
    assert kinds == {".png", ".mp4"}, "there was nothing to describe"
    await world.restart()
    assert len(asked) > 50, "these are not all statements"
    scans = find_scans(data_dir / "veo.db", asked)
    assert not scans, "\n\n".join(["these read a table through:", *scans])


@pytest.mark.nightly
async def test_discord_is_told_the_commands_in_the_language(own_world: World) -> None:
    [synced] = requests(own_world, "PUT", "/commands")
    commands: Any = synced.json
    veo = next(command for command in commands if command["name"] == "veo")
    english = "Make a short video with Google's Veo"
    assert veo["description"] == english
    assert veo["description_localizations"][LOCALE] == f"⟦{english[1:-1]}⟧"
    assert not veo.get("name_localizations"), "members and our texts call it by its one name"
    assert not any(option.get("name_localizations") for option in veo["options"])
    menu = next(command for command in commands if command["name"] == "Animate this image")
    assert menu["name_localizations"] == {LOCALE: bracketed("Animate this image")}


@pytest.mark.nightly
async def test_discord_is_told_the_commands_anew_when_a_translation_changed(
    own_world: World, tmp_path: Path
) -> None:
    world = own_world
    await world.restart()
    assert len(requests(world, "PUT", "/commands")) == 1, "nothing had changed"
    path = tmp_path / "locales" / LOCALE / "LC_MESSAGES" / f"{catalogues.DOMAIN}.po"
    text = path.read_text(encoding="utf-8")
    path.write_text(text.replace("⟦Animate this image⟧", "⟦Move this image⟧"), encoding="utf-8")
    forget_catalogues()
    await world.restart()
    [_, synced] = requests(world, "PUT", "/commands")
    commands: Any = synced.json
    names = [command.get("name_localizations") for command in commands]
    assert {LOCALE: "⟦Move this image⟧"} in names


@pytest.mark.nightly
async def test_the_language_is_kept_with_the_request(own_world: World) -> None:
    generation = await ask_and_hold(own_world)
    assert generation.locale == LOCALE


def test_english_is_seen() -> None:
    text = "🎬 <@1> ⟦Your video⟧ **Veo 3** `/veo`\n> a red dragon\n⟦Cost: ⟧$1.20 for 4 seconds"
    assert bare_words(text, PROMPT) == ["for", "seconds"]
