"""What may go wrong in a chaos run: every way that the provider's and Discord's documents name."""

import asyncio
import random
import time
from collections.abc import Mapping, Sequence

import sandbox.faults as provider_faults
import tests.wire_discord.faults as discord_faults
from sandbox.calls import Kind
from sandbox.faults import Fault as ProviderFault
from sandbox.odd_answers import (
    DONE_SHAPES,
    Mistaken,
    Refusal,
    Spoilt,
    Stumble,
    dead_address,
    once_done,
    says,
    signed,
    zero_cost,
)
from sandbox.schema import fields_of
from tests.wire_discord.faults import Fault as DiscordFault

CALLBACK = "POST /interactions/{interaction_id}/{token}/callback"
POST = "POST /channels/{channel_id}/messages"
EDIT = "PATCH /channels/{channel_id}/messages/{message_id}"
READ = "GET /channels/{channel_id}/messages"
THREAD = "POST /channels/{channel_id}/messages/{message_id}/threads"
DIRECT = "POST /users/@me/channels"
ROUTES = (CALLBACK, POST, EDIT, READ, THREAD, DIRECT)

STRAY = rb"\ud83d"  # half a character
FORBIDDEN_PROMPT = "A fox that nobody may see"  # refused by itself
BUSY_PROMPT = "A fox that has no time"  # told to come again in an hour
CLOSED_MODEL = "google/veo-3.0-fast"  # refused by itself, though the provider lists it

# After a 401, 403, 404 or 429 on a create call the bot waits; after the others it must look into the log.
CREATE: Sequence[ProviderFault] = (
    ProviderFault.status(401, "Invalid API key"),
    ProviderFault.status(403, "You've run out of credits"),
    ProviderFault.status(429, "Too many requests"),
    ProviderFault.status(429, "Too many requests", retry_after=1),
    *(
        ProviderFault.status(status, accepted=accepted)
        for status in (500, 502, 503, 504)
        for accepted in (False, True)
    ),
    ProviderFault.status(502, body="html", accepted=True),
    ProviderFault.status(502, body="empty"),
    ProviderFault.reset(),
    ProviderFault.reset(accepted=True),
    ProviderFault.hang(accepted=True),
    ProviderFault.truncated_json(),
    ProviderFault.status(404, "Model not found"),
    Stumble(),
    Spoilt(STRAY),
)
ASK: Sequence[ProviderFault] = (
    ProviderFault.status(401, "Invalid API key"),
    ProviderFault.status(429, "Too many requests"),
    ProviderFault.status(429, "Too many requests", retry_after=1),
    ProviderFault.status(500),
    ProviderFault.status(503, body="html"),
    ProviderFault.status(504, body="empty"),
    ProviderFault.reset(),
    ProviderFault.hang(),
    ProviderFault.truncated_json(),
)
OUTCOMES = (
    ProviderFault.unknown_status("dreaming"),
    ProviderFault.without_video(),
    ProviderFault.failed("The prompt was refused"),
    ProviderFault.failed(None),
    *(once_done(shape) for shape in DONE_SHAPES.values()),
    once_done(zero_cost),
    once_done(dead_address),
    once_done(signed),
    Spoilt(STRAY),
    Mistaken(),
    ProviderFault.status(404),
    says(status="completed"),
    says(status="error", error=None),
)
# A failure that the provider takes back; said twice in a row it would have to be believed.
TAKEN_BACK = says(status="error", error={"name": "GenerationError", "message": "Something broke."})
TAKEN_BACK_INTERVAL = 5.0  # seconds; several times as long as the bot waits for it to be repeated
DOWNLOAD = (
    ProviderFault.status(403),
    ProviderFault.status(404),
    ProviderFault.status(503),
    ProviderFault.reset(),
    ProviderFault.truncated_download(),
    ProviderFault.slow_download(1),
)
PROVIDER: Mapping[Kind, Sequence[ProviderFault]] = {
    "create": CREATE,
    "retrieve": (*ASK, *OUTCOMES, TAKEN_BACK),
    "logs": ASK,
    "billing": ASK,
    "key": ASK,
    "models": ASK,
    "metrics": ASK,
    "cdn": DOWNLOAD,
}

PASSING: Sequence[DiscordFault] = (
    *(DiscordFault.status(status) for status in (500, 502, 503, 504)),
    DiscordFault.status(502, html=True),
    DiscordFault.rate_limit(0.2),
    DiscordFault.rate_limit(0.2, via=False),
    DiscordFault.reset(),
    DiscordFault.reset(accepted=True),
    DiscordFault.status(500, accepted=True),
)
DISCORD: Mapping[str, Sequence[DiscordFault]] = {
    CALLBACK: (
        DiscordFault.status(500),
        DiscordFault.status(503),
        DiscordFault.reset(),
        DiscordFault.reset(accepted=True),
        DiscordFault.hang(),
        DiscordFault.hang(accepted=True),
    ),
    POST: (
        *PASSING,
        DiscordFault.status(413, 40005),
        DiscordFault.status(403, 200000),
        DiscordFault.status(400, 50083),
        DiscordFault.status(403, 160005),
        DiscordFault.status(403, 50001),
        DiscordFault.status(403, 50013),
        DiscordFault.status(404, 10003),
    ),
    EDIT: PASSING,
    READ: PASSING,
    THREAD: (
        *PASSING,
        DiscordFault.rate_limit(230),
        DiscordFault.status(400, 160006),
        DiscordFault.status(403, 200001),
    ),
    DIRECT: PASSING,
}


class ProviderHavoc(provider_faults.Faults):
    """Lets a share of all calls go wrong; `taken` counts them.

    Args:
        secret: the key, which refusals repeat.

    Attributes:
        is_strict: the forbidden prompt, the busy one and the closed model are refused; when these are all
            that waits, it looks as if everything were.
    """

    def __init__(self, chance: random.Random, share: float, secret: str) -> None:
        super().__init__(asyncio.Event())
        self._refusal = Refusal(403, {"message": f"This prompt is not allowed for {secret}"})
        self._forbidden: ProviderFault = Refusal(403, {"message": "Forbidden"})
        self._busy = ProviderFault.status(429, "Too many requests", retry_after=3600)
        self._closed = ProviderFault.status(404, "Model not found")
        self._taken_back_at = 0.0
        self._forbidden_until = 0.0
        self.is_strict = True
        self.taken = 0
        self._chance = chance
        self._share = share

    def forbid(self, seconds: float) -> None:
        """Refuse everything for a while, though there is money in the account."""
        self._forbidden_until = time.monotonic() + seconds

    def take(self, kind: Kind, body: object) -> ProviderFault | None:
        """Return what goes wrong with this call."""
        if kind in {"create", "retrieve"} and time.monotonic() < self._forbidden_until:
            return self._forbidden
        if self.is_strict and kind == "create" and (refusal := self._refusal_of(fields_of(body))):
            return refusal
        ways = PROVIDER.get(kind)
        if not ways or self._chance.random() >= self._share:
            return None
        fault, now = self._chance.choice(ways), time.monotonic()
        if fault is TAKEN_BACK:
            if now - self._taken_back_at < TAKEN_BACK_INTERVAL:
                return None
            self._taken_back_at = now
        self.taken += 1
        return fault

    def _refusal_of(self, asked: Mapping[str, object]) -> ProviderFault | None:
        if asked.get("prompt") == BUSY_PROMPT:
            return self._busy
        if asked.get("model") == CLOSED_MODEL:
            return self._closed
        return self._refusal if asked.get("prompt") == FORBIDDEN_PROMPT else None


class DiscordHavoc(discord_faults.Faults):
    """Lets a share of all requests go wrong (`taken` counts them), and refuses all in some places.

    Args:
        forbidden: route and channel id of what is always refused, with 50013.
    """

    def __init__(self, chance: random.Random, share: float, forbidden: set[tuple[str, int]]) -> None:
        super().__init__(asyncio.Event())
        self.taken = 0
        self._chance = chance
        self._share = share
        self._forbidden = forbidden

    def take(self, route: str, parameters: Mapping[str, str]) -> DiscordFault | None:
        """Return what goes wrong with this request."""
        if (route, int(parameters.get("channel_id", 0))) in self._forbidden:
            return DiscordFault.status(403, 50013, "Missing Permissions")
        ways = DISCORD.get(route)
        if not ways or self._chance.random() >= self._share:
            return None
        self.taken += 1
        return self._chance.choice(ways)
