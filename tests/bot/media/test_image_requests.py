"""Requests that are made from images: what is accepted, written down, counted and forgotten."""

import asyncio
import json
from collections.abc import Callable
from typing import Any

import pytest
from alembic import command
from alembic.config import Config
from alembic.script import ScriptDirectory
from sqlalchemy import Connection, text
from sqlalchemy.orm import Session

from bot.admission.check_request import Admission
from bot.admission.usage_counts import fetch_use
from bot.db.database import Database
from bot.db.models import OPEN, WAITING, Generation, Status
from bot.db.schema import MIGRATIONS
from bot.errors import BadRequestError
from bot.failures import FailureKind
from bot.media.images import MAX_SIZE, ImageInput
from bot.policy.documents import MemberPolicy
from bot.privacy.export import export_request
from bot.privacy.service import Privacy
from bot.requests.service import GenerationService
from bot.requests.spec import RequestSpec
from sandbox.recent import list_recent
from tests.bot.clocks import StoppedClock
from tests.bot.prices import FixedPrices
from tests.bot.rows import MODEL, PROMPT, insert, new_requester, reread

URL = "https://cdn.discordapp.com/ephemeral-attachments/1/2/cat.png?ex=3&hm=secret"


@pytest.fixture
def service(database: Database, clock: StoppedClock) -> GenerationService:
    """The service with a limit of two videos a day."""
    admission = Admission(FixedPrices(1.0), daily_limit=2)
    return GenerationService(
        database, admission=admission, work=asyncio.Event(), stopping=asyncio.Event(), clock=clock
    )


def image(number: int = 0, **changes: Any) -> ImageInput:
    values: dict[str, Any] = {
        "url": f"{URL}{number}",
        "filename": "cat.png",
        "content_type": "image/png",
        "size": 5,
    }
    return ImageInput(**{**values, **changes})


async def request(service: GenerationService, *images: ImageInput, **changes: Any) -> Generation:
    wish: dict[str, Any] = {"model": MODEL, "prompt": PROMPT, "options": {}, "images": images, **changes}
    return await service.request(new_requester(), RequestSpec(**wish))


async def test_a_request_with_an_image_is_written_down_with_its_link_and_the_true_model(
    service: GenerationService, database: Database
) -> None:
    row = await reread(database, (await request(service, image(), options={"duration": 4})).id)
    assert (row.model, row.status, row.picture_urls) == ("google/veo-3.0-i2v", Status.PREPARING, [f"{URL}0"])
    assert row.options == {"duration": 4}


async def test_two_images_keep_their_order(service: GenerationService, database: Database) -> None:
    row = await reread(database, (await request(service, image(1), image(2), model=None)).id)
    assert row.model == "google/veo-3.1-first-last-image-to-video"
    assert row.picture_urls == [f"{URL}1", f"{URL}2"]


async def test_without_an_image_nothing_has_to_be_fetched(
    service: GenerationService, database: Database
) -> None:
    row = await reread(database, (await request(service, model=None)).id)
    assert (row.model, row.status, row.picture_urls) == (MODEL, Status.QUEUED, None)


@pytest.mark.parametrize(
    ("images", "changes"),
    [
        ([image(size=MAX_SIZE + 1)], {}),
        ([image(size=0)], {}),
        ([image(content_type="image/gif")], {}),
        ([image(), image(content_type=None)], {"model": None}),
        ([image(width=1280, height=719)], {"model": "google/veo-3.1-t2v-fast"}),
        ([image(width=719, height=1280), image()], {"model": None}),
        ([image(width=63, height=1280)], {}),
        ([image(), image()], {}),
        ([image()], {"model": "google/veo-3.1-t2v", "options": {"seed": 1}}),
        ([image()], {"model": "google/veo2"}),
        ([], {"model": "google/veo-3.0-i2v"}),
    ],
    ids=range(11),
)
async def test_what_cannot_be_made_is_refused_and_not_counted(
    service: GenerationService, images: list[ImageInput], changes: dict[str, Any]
) -> None:
    with pytest.raises(BadRequestError, match=r"This didn't count toward your limit\.$"):
        await request(service, *images, **changes)
    assert await list_recent(service, 1) == []


@pytest.mark.parametrize(
    ("images", "model"),
    [
        ([image(width=719, height=64)], "google/veo3"),
        ([image(width=720, height=720)], "google/veo-3.1-t2v"),
        ([image(width=720, height=None)], "google/veo-3.1-t2v"),
        ([image(width=720, height=720), image(width=64, height=64)], "google/veo-3.1-t2v"),
    ],
    ids=range(4),
)
async def test_an_image_that_is_just_large_enough_is_taken(
    service: GenerationService, images: list[ImageInput], model: str
) -> None:
    assert (await request(service, *images, model=model)).status is Status.PREPARING


async def test_it_counts_and_can_be_withdrawn_while_its_image_is_waited_for(
    service: GenerationService, database: Database, clock: StoppedClock
) -> None:
    row = await request(service, image())
    use = await database.read(
        lambda session: fetch_use(session, row.guild_id, row.user_id, MemberPolicy(), clock())
    )
    assert (len(use.counted), use.at_once) == (1, 1)
    assert [listed.id for listed in await service.list_open(row.guild_id)] == [row.id]
    await service.withdraw(row.id)
    assert await list_recent(service, row.guild_id) == []


async def test_an_image_that_cannot_be_used_does_not_count(database: Database, clock: StoppedClock) -> None:
    row = await insert(database, status=Status.FAILED, failure_kind=FailureKind.IMAGE_BAD)
    use = await database.read(
        lambda session: fetch_use(session, row.guild_id, row.user_id, MemberPolicy(), clock())
    )
    assert len(use.counted) == 0


def test_what_waits_for_its_images_is_open() -> None:
    assert Status.PREPARING in WAITING < OPEN


async def test_links_to_images_are_exported_and_forgotten(database: Database, clock: StoppedClock) -> None:
    row = await insert(
        database,
        picture_urls=[URL],
        status=Status.SUCCEEDED,
        delivered_at=clock(),
        model="google/veo-3.0-i2v",
    )
    assert URL in json.dumps(export_request(row))
    await Privacy(database, clock).forget(row.user_id)
    after = await reread(database, row.id)
    assert (after.picture_urls, after.model) == (None, "google/veo-3.0-i2v")
    left = await database.read(lambda session: session.scalar(text("SELECT picture_urls FROM generations")))
    assert left is None, "a JSON null is not nothing"


async def test_an_older_program_finds_nothing_that_it_does_not_know(database: Database) -> None:
    await insert(database, id="preparing", picture_urls=[URL], status=Status.PREPARING)
    config = Config()
    config.set_main_option("script_location", str(MIGRATIONS))
    scripts = ScriptDirectory.from_config(config)
    (ours,) = [script for script in scripts.walk_revisions() if script.path.endswith("_pictures.py")]

    def move(connection: Connection, revision: str, change: Callable[[Config, str], None]) -> None:
        config.attributes["connection"] = connection
        change(config, revision)

    def work(session: Session):
        connection = session.connection()
        move(connection, str(ours.down_revision), command.downgrade)
        rows = (session.execute(text("SELECT id, status FROM generations"))).all()
        assert [tuple(row) for row in rows] == [("preparing", "queued")]
        move(connection, "head", command.upgrade)

    await database.write(work)
    assert (await reread(database, "preparing")).picture_urls is None
