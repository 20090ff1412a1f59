"""What members can do with generations."""

import asyncio
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest

from bot.admission.check_request import Admission
from bot.admission.denials import RefusedError
from bot.db.database import Database
from bot.db.models import ANSWER_GRACE, WAITING, Generation, Placement, Status
from bot.errors import AlreadyRequestedError, BadRequestError, RestartingError, UserError
from bot.jobs.queue import GenerationQueue
from bot.media.image_links import video_link
from bot.media.images import ImageInput
from bot.policy.documents import Budget, Period, Policy
from bot.policy.store import store_policy
from bot.requests.service import GenerationService
from bot.requests.spec import RequestSpec
from sandbox.recent import list_recent
from tests.bot.clocks import StoppedClock
from tests.bot.engine import LEASE
from tests.bot.prices import FixedPrices
from tests.bot.rows import MODEL, PROMPT, insert, new_requester, reread
from tests.cogs.generation import NOON

OpenService = Callable[[int], GenerationService]

PRICE = 3_120_000.0  # credits
FRAME, FRAME_FAST, EXTENDER = "google/veo-3.0-i2v", "google/veo-3.0-i2v-fast", "google/veo3-1-extend-video"
VIDEO = video_link("0123456789abcdef")
HALF = Budget(credits=PRICE / 2, since=NOON)


@pytest.fixture
def work() -> asyncio.Event:
    """What wakes the runner."""
    return asyncio.Event()


@pytest.fixture
def stopping() -> asyncio.Event:
    """Set when the program is to stop."""
    return asyncio.Event()


@pytest.fixture
def open_service(
    database: Database, clock: StoppedClock, work: asyncio.Event, stopping: asyncio.Event
) -> OpenService:
    """Open the service with a limit."""

    def build(daily_limit: int) -> GenerationService:
        admission = Admission(FixedPrices(PRICE), daily_limit=daily_limit)
        return GenerationService(database, admission=admission, work=work, stopping=stopping, clock=clock)

    return build


@pytest.fixture
def service(open_service: OpenService) -> GenerationService:
    """The service with a limit that no test here reaches."""
    return open_service(100)


@pytest.fixture
def queue(database: Database, clock: StoppedClock) -> GenerationQueue:
    """The queue as the runner's process sees it."""
    return GenerationQueue(database, "runner", max_running=10, lease=LEASE, clock=clock)


async def request(service: GenerationService, **changes: Any) -> Generation:
    wish: dict[str, Any] = {"model": MODEL, "prompt": PROMPT, "options": {}, **changes}
    return await service.request(wish.pop("requester", new_requester()), RequestSpec(**wish))


async def test_an_accepted_request_is_written_down_as_it_was_asked(
    service: GenerationService, database: Database, clock: StoppedClock
) -> None:
    requester = new_requester()
    accepted = await request(
        service,
        requester=requester,
        prompt="  A boat \u202e",
        options={"duration": 6, "resolution": "1080p", "seed": None},
    )
    row = await reread(database, accepted.id)
    assert (row.status, row.prompt, row.model) == (Status.QUEUED, "A boat", MODEL)
    assert row.options == {"duration": 6, "resolution": "1080P"}, "only what was chosen, as it is sent"
    assert (row.interaction_id, row.guild_id, row.channel_id, row.user_id, row.placement) == (
        requester.interaction_id,
        requester.guild_id,
        requester.channel_id,
        requester.user_id,
        Placement.THREAD,
    )
    assert (row.created_at, row.attempts, row.card_id, row.lease_owner) == (clock(), 0, None, None)
    assert (row.estimated_credits, row.credits_used) == (PRICE, None), "its price is not reserved"


@pytest.mark.parametrize(
    "wrong",
    [
        {"prompt": " \u200b "},
        {"prompt": "x" * 2001},
        {"model": "google/veo2"},
        {"options": {"duration": 5}},
        {"options": {"fps": 24}},
    ],
)
async def test_a_request_that_makes_no_video_is_refused_and_not_counted(
    service: GenerationService, wrong: dict[str, Any]
) -> None:
    with pytest.raises(BadRequestError, match=r"This didn't count toward your limit\.$"):
        await request(service, **wrong)
    assert await list_recent(service, 1) == []


async def test_the_same_interaction_is_served_once(service: GenerationService) -> None:
    requester = new_requester()
    first = await request(service, requester=requester)
    with pytest.raises(AlreadyRequestedError) as repeated:
        await request(service, requester=requester)
    assert not isinstance(repeated.value, UserError), "whoever serves the first one answers it"
    assert [row.id for row in await list_recent(service, 1)] == [first.id]


async def test_the_same_interaction_again_is_not_taken_for_one_over_the_limit(
    open_service: OpenService,
) -> None:
    service, requester = open_service(1), new_requester()
    await request(service, requester=requester)
    with pytest.raises(AlreadyRequestedError):
        await request(service, requester=requester)


async def test_nothing_new_is_accepted_while_the_program_stops(
    service: GenerationService, stopping: asyncio.Event
) -> None:
    accepted = await request(service)
    stopping.set()
    with pytest.raises(
        RestartingError, match=r"Try again in a minute\. This didn't count toward your limit\.$"
    ):
        await request(service)
    await service.attach_card(accepted.id, 77)
    assert [(row.id, row.card_id) for row in await list_recent(service, 1)] == [(accepted.id, 77)]


@pytest.mark.both_engines
async def test_the_same_interaction_arriving_twice_at_once_is_served_once(service: GenerationService) -> None:
    requester = new_requester()
    results = await asyncio.gather(
        *(request(service, requester=requester) for _ in range(5)), return_exceptions=True
    )
    assert sum(isinstance(result, Generation) for result in results) == 1, results
    assert sum(isinstance(result, AlreadyRequestedError) for result in results) == 4, results


async def test_work_does_not_begin_before_the_member_was_answered(
    service: GenerationService, queue: GenerationQueue, clock: StoppedClock, work: asyncio.Event
) -> None:
    await request(service)
    assert await queue.claim(10) == []
    assert not work.is_set()
    clock.advance(ANSWER_GRACE - timedelta(microseconds=1))
    assert await queue.claim(10) == []


async def test_a_request_whose_answer_was_never_recorded_is_worked_on_after_the_grace(
    service: GenerationService, queue: GenerationQueue, clock: StoppedClock
) -> None:
    accepted = await request(service)
    clock.advance(ANSWER_GRACE)
    assert [row.id for row in await queue.claim(10)] == [accepted.id]


async def test_the_card_makes_the_work_due_and_wakes_the_runner(
    service: GenerationService, queue: GenerationQueue, work: asyncio.Event
) -> None:
    accepted = await request(service)
    await service.attach_card(accepted.id, 77)
    assert work.is_set(), "the runner was not woken"
    claimed = await queue.claim(10)
    assert [(row.id, row.card_id) for row in claimed] == [(accepted.id, 77)]


async def test_a_request_nobody_was_told_about_can_be_withdrawn(service: GenerationService) -> None:
    accepted = await request(service)
    await service.withdraw(accepted.id)
    assert await service.get(accepted.id) is None


async def test_a_withdrawn_request_takes_no_slot(open_service: OpenService) -> None:
    service = open_service(1)
    await service.withdraw((await request(service)).id)
    await request(service)


@pytest.mark.parametrize(
    "begun",
    [
        {"card_id": 7},
        {"card_id": None, "lease_owner": "runner"},
        *({"card_id": None, "status": status} for status in Status if status not in WAITING),
    ],
    ids=str,
)
async def test_what_was_begun_is_not_withdrawn(
    service: GenerationService, database: Database, begun: dict[str, Any]
) -> None:
    row = await insert(database, **begun)
    await service.withdraw(row.id)
    assert await service.get(row.id) is not None, f"a row with {begun} was withdrawn"


async def test_withdrawing_and_attaching_to_nothing_are_harmless(service: GenerationService) -> None:
    await service.withdraw("nothing")
    await service.attach_card("nothing", 7)
    assert await service.get("nothing") is None


async def test_a_servers_generations_are_listed_newest_first(
    service: GenerationService, clock: StoppedClock
) -> None:
    accepted: list[str] = []
    for _ in range(3):
        accepted.append((await request(service)).id)
        clock.advance(timedelta(seconds=1))
    await request(service, requester=new_requester(guild_id=2))
    assert [row.id for row in await list_recent(service, 1)] == accepted[::-1]
    assert [row.id for row in await list_recent(service, 1, max_rows=2)] == accepted[:0:-1]


async def test_every_generation_has_an_id_that_the_provider_accepts_as_ours(
    service: GenerationService,
) -> None:
    ids = {(await request(service)).id for _ in range(20)}
    assert len(ids) == 20
    assert all(1 <= len(name) <= 16 and name.isascii() and name.isalnum() for name in ids), ids


@pytest.mark.parametrize(
    ("model", "link", "settings", "said"),
    [
        (FRAME, "", {"longest_duration": 6}, "can be up to 6 seconds long. This didn't count"),
        (FRAME, "", {"highest_resolution": "480P"}, "can be up to 480P. This didn't count"),
        (EXTENDER, VIDEO, {"longest_duration": 6}, "seconds long. Use *Continue* instead. This didn't"),
        (EXTENDER, VIDEO, {"highest_resolution": "480P"}, "up to 480P. Use *Continue* instead. This"),
        (
            FRAME,
            "",
            {"budgets": {Period.DAY: HALF}},
            ":R>. This didn't count",
        ),
        (FRAME, "", {"models": frozenset({FRAME_FAST})}, "Choose Veo 3 Fast from an image. This didn't"),
    ],
)
async def test_before_a_video_goes_on_nothing_is_advised_that_its_form_has_no_field_for(
    service: GenerationService,
    database: Database,
    model: str,
    link: str,
    settings: dict[str, Any],
    said: str,
) -> None:
    await database.write(lambda session: store_policy(session, 1, Policy(**settings)))
    spec = RequestSpec(model, PROMPT, {}, (ImageInput.checked(link),))
    with pytest.raises(RefusedError) as refusal:
        await service.ensure_allowed(new_requester(), spec)
    assert said in str(refusal.value)
