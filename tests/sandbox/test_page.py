"""The demo's page over real sockets, asked as simcord's browser page asks."""

import asyncio
import re
from pathlib import Path
from typing import Any
from urllib.parse import urldefrag

import aiohttp
import pytest
from simcord.preview._markdown import markdown_tokens

from bot.clock import utc_now
from sandbox.page import serve_page
from sandbox.provider import Provider
from sandbox.world import World, sandbox_settings, wait_until
from tests.e2e.driver import QUICK_TIMING


async def test_what_is_sent_counts_although_something_was_posted_since_the_page_was_drawn(
    provider: Provider, session: aiohttp.ClientSession, tmp_path: Path
) -> None:
    async with (
        World(provider, sandbox_settings(provider, tmp_path), QUICK_TIMING) as world,
        serve_page(world, 0) as front,
    ):
        page = await open_channel_pane(session, front)
        async with world.turn:
            await world.mona.send(world.channel, "Good morning!")

        async def is_redrawn() -> bool | None:
            return await page.revision() > page.drawn or None

        await wait_until(is_redrawn, seconds=120)
        receipt = await page.send("Good evening!")

        assert not receipt["rejected"], f"what alice typed was not sent: {receipt['diagnostics']}"
        assert "Good evening!" in [message.content for message in world.channel.history()]


async def test_who_acts_in_their_turn_never_meets_the_page(
    provider: Provider, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("sandbox.page.REFRESH_INTERVAL", 0)
    async with World(provider, sandbox_settings(provider, tmp_path), QUICK_TIMING) as world:
        async with serve_page(world, 0):
            for number in range(20):
                async with world.turn:
                    await world.mona.send(world.channel, f"message {number}")
                await asyncio.sleep(0)
        assert len(world.channel.history()) == 20


async def test_what_was_requested_just_now_is_in_the_past(provider: Provider, tmp_path: Path) -> None:
    settings = sandbox_settings(provider, tmp_path)
    async with World(provider, settings, QUICK_TIMING, is_dated_now=True) as world:
        now = utc_now()
        assert world.env.now() >= now, "the page tells times by a clock that is behind the program's"


async def test_a_quote_and_a_list_end_with_their_last_line(provider: Provider, tmp_path: Path) -> None:
    async with World(provider, sandbox_settings(provider, tmp_path), QUICK_TIMING) as world:
        async with serve_page(world, 0):
            quote, after, items, last = markdown_tokens("> a boat\nID 5\n- one\n- two\nAll of them.")
        assert (quote["type"], after["type"], items["type"]) == ("blockquote", "paragraph", "bullet_list")
        assert "All of them." not in str(items), "the page shows it as a part of the list"
        assert "All of them." in str(last)


async def test_what_the_bot_refuses_in_words_is_no_error_of_its_own(
    provider: Provider, tmp_path: Path
) -> None:
    async with World(provider, sandbox_settings(provider, tmp_path), QUICK_TIMING) as world:
        async with serve_page(world, 0), world.turn:
            refused = await world.mona.slash(world.channel, "quota set", videos="abc")
            await world.mona.slash(world.channel, "veo-admin pause", reason="maintenance")
            paused = await world.alice.slash(world.channel, "veo", prompt="a fox")
        assert None not in {refused.response, paused.response}, "the bot said nothing"
        assert world.env.error_cursor == 2, "simcord noted something else"
        assert world.env.errors_since(0) == (), "the page shows a refusal as an error of the bot"
        world.env._record_error(RuntimeError("a fault"))  # pyright: ignore[reportPrivateUsage]: pinned version
        assert len(world.env.errors_since(0)) == 1


class Pane:
    """One open page of simcord's, as it was drawn first."""

    def __init__(self, session: aiohttp.ClientSession, url: str, headers: dict[str, str]) -> None:
        self._session = session
        self._url = url
        self._headers = headers

    async def open(self) -> None:
        state = await self._post("api/pages", {})
        self.drawn = int(state["publishedRevision"])
        self._context, self._bot = state["context"], state["botGeneration"]
        self._headers["X-Simcord-Context"] = self._context["id"]

    async def revision(self) -> int:
        """Return which revision simcord would draw now."""
        async with self._session.get(f"{self._url}api/state", headers=self._headers) as response:
            return int((await response.json())["publishedRevision"])

    async def send(self, text: str) -> dict[str, Any]:
        """Send a message from the page as it was drawn first."""
        return await self._post(
            "api/action",
            {
                "kind": "send_message",
                "content": text,
                "protocol_version": 3,
                "sequence": 1,
                "request_id": "one",
                "generation": self._context["generation"],
                "bot_generation": self._bot,
                "published_revision": self.drawn,
            },
        )

    async def _post(self, path: str, body: dict[str, Any]) -> dict[str, Any]:
        async with self._session.post(f"{self._url}{path}", json=body, headers=self._headers) as response:
            return await response.json()


async def open_channel_pane(session: aiohttp.ClientSession, front: str) -> Pane:
    """Open the left pane of the demo's page at `front`."""
    async with session.get(front) as response:
        found = re.search(r'title="Channel" src="([^"]+)"', await response.text())
    assert found, "the page has no pane for the channel"
    url, capability = urldefrag(found[1])
    pane = Pane(session, url, {"X-Simcord-Capability": capability})
    await pane.open()
    return pane
