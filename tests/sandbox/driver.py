"""What the tests of the fake provider drive it with: a clock in our hands and a small HTTP client."""

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import aiohttp
import imageio_ffmpeg  # pyright: ignore[reportMissingTypeStubs]: it has none; one function is used

from sandbox.provider import Provider

TASKS = "/v2/video/generations"
BODY: Mapping[str, object] = {"model": "google/veo3", "prompt": "A paper boat on a pond", "duration": 4}


class Clock:
    """Seconds that pass only when a test says so."""

    def __init__(self) -> None:
        self.now = 1000.0

    def __call__(self) -> float:
        return self.now


@dataclass(frozen=True)
class Answer:
    """One HTTP answer, read to its end; `json` is untyped because tests look into it freely."""

    status: int
    headers: Mapping[str, str]
    body: bytes
    json: Any


class Client:
    """Calls one provider with its key."""

    def __init__(self, session: aiohttp.ClientSession, provider: Provider) -> None:
        self._session = session
        self.provider = provider

    async def call(
        self,
        method: str,
        path: str,
        *,
        json: object = None,
        data: str | None = None,
        params: Mapping[str, str] | list[tuple[str, str]] | None = None,
        headers: Mapping[str, str] | None = None,
        key: str | None = None,
    ) -> Answer:
        """Send one request; a `path` with a host is used as it is; an empty `key` sends none."""
        url = path if path.startswith("http") else self.provider.url + path
        sent = dict(headers or {})
        if key != "":
            sent["Authorization"] = f"Bearer {key or self.provider.key}"
        async with self._session.request(
            method, url, json=json, data=data, params=params, headers=sent
        ) as response:
            body = await response.read()
            is_json = response.content_type == "application/json" and body
            content = await response.json() if is_json else None
            return Answer(response.status, response.headers, body, content)

    async def create(self, *, path: str = TASKS, name: str | None = None, **fields: Any) -> Answer:
        """Order a video of 4 seconds; `name` is the client request id."""
        headers = {} if name is None else {"X-Client-Request-Id": name}
        return await self.call("POST", path, json={**BODY, **fields}, headers=headers)

    async def retrieve(self, task_id: str, *, path: str = TASKS) -> Answer:
        """Ask how a task stands."""
        return await self.call("GET", path, params={"generation_id": task_id})

    async def completed(self, clock: Clock, **fields: Any) -> Answer:
        """Order a video, let its time pass and return the answer that says so."""
        created = await self.create(**fields)
        assert created.status == 200, created.body
        clock.now += 4
        await self.provider.rendered()
        answer = await self.retrieve(created.json["id"])
        assert answer.json["status"] == "completed", answer.body
        return answer


async def probe(content: bytes, folder: Path) -> str:
    """Return what ffmpeg says about a file's streams, after it decoded all of them without an error."""
    path = folder / "probed.mp4"
    path.write_bytes(content)
    process = await asyncio.create_subprocess_exec(
        imageio_ffmpeg.get_ffmpeg_exe(),
        *("-hide_banner", "-i", str(path), "-f", "null", "-"),
        stderr=asyncio.subprocess.PIPE,
    )
    _, text = await process.communicate()
    assert process.returncode == 0, text.decode()
    return text.decode()
