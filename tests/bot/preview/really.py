"""What the real service refuses of requests, to which previews are compared."""

import asyncio
from collections.abc import Sequence
from datetime import datetime
from itertools import count

from bot.admission.check_request import Admission, Requester
from bot.admission.denials import RefusedError
from bot.db.database import Database
from bot.db.models import Placement
from bot.policy.documents import Policy
from bot.policy.store import store_policy
from bot.requests.service import GenerationService
from bot.requests.spec import RequestSpec
from tests.bot.clocks import StoppedClock
from tests.bot.prices import FixedPrices
from tests.bot.rows import numbers

_servers = count(40_000)


async def really_refused(
    database: Database,
    policy: Policy,
    asked: Sequence[tuple[datetime, RequestSpec]],
    *,
    user_id: int = 11,
    channels: Sequence[tuple[int, int | None]] = (),
) -> list[datetime]:
    """Make requests one after the other, each at its time, and return when the refused ones were made.

    `channels`: the channel of each, and that one's parent; none: all are in one channel.
    """
    guild_id, clock, refused = next(_servers), StoppedClock(), list[datetime]()
    service = GenerationService(
        database,
        admission=Admission(FixedPrices(), daily_limit=10_000),
        work=asyncio.Event(),
        stopping=asyncio.Event(),
        clock=clock,
    )
    await database.write(lambda session: store_policy(session, guild_id, policy))
    for (at, spec), (channel_id, parent_id) in zip(asked, channels or [(2, None)] * len(asked), strict=True):
        clock.now = at
        requester = Requester(
            next(numbers), guild_id, channel_id, user_id, Placement.THREAD, parent_id=parent_id
        )
        try:
            await service.request(requester, spec)
        except RefusedError:
            refused.append(at)
    return refused
