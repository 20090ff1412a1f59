"""Makes the pictures of docs/moderators.md: a limit's preview, a member who asks, a request that waits."""

import random
from collections.abc import Iterator, Sequence
from datetime import datetime, timedelta
from pathlib import Path
from tempfile import TemporaryDirectory

from playwright.async_api import Page
from simcord.actors import MemberActor
from simcord.builders import RoleHandle

from bot.clock import utc_now
from bot.db.database import open_database
from bot.db.models import Generation, Placement, Status
from bot.jobs.steps.timing import Timing
from docs.browser import choose_viewer, open_page, pane
from sandbox.page import serve_page
from sandbox.provider import FULL, Provider
from sandbox.script import IMAGE_PROMPT, WHY, WORD, WORD_PROMPT, draw_hills
from sandbox.world import World, sandbox_settings

WIDTH, HEIGHT = 1500, 1100  # of the page, of which a picture shows one message
DAILY_LIMIT = 5
NAMES = ("bob", "carol", "dave", "erin", "frank", "grace", "heidi", "ivan", "judy", "ken")
MEMBERS = 40
DAYS, A_DAY = 28, timedelta(hours=25)  # so that nobody had more than the limit in 24 hours
SECONDS, PRICE = 4, 4_160_000.0  # of a video, and its credits
PROMPTS = (
    "A red dragon glides over a mountain lake at sunrise",
    "A paper boat sails through a rainy street",
    "A lighthouse in a storm, seen from the sea",
)


async def take_moderator_pictures(docs: Path) -> None:
    """Play what moderators see, and take a picture of each message."""
    async with Provider(render=FULL) as provider:
        with TemporaryDirectory() as folder:
            settings = sandbox_settings(provider, Path(folder), default_daily_limit=DAILY_LIMIT)
            async with World(provider, settings, Timing(), is_dated_now=True) as world:
                newcomers = await _found_past(world, settings.resolved_database_url)
                async with serve_page(world, 0) as url, open_page(url, WIDTH, HEIGHT) as page:
                    await _take_preview(world, page, newcomers, docs / "preview.png")
                    await _take_appeal(world, page, docs / "appeal.png")
                    await _take_review(world, page, docs / "review.png")


async def _take_preview(world: World, page: Page, newcomers: RoleHandle, path: Path) -> None:
    await choose_viewer(page, "mona")
    async with world.turn:
        await world.mona.slash(world.channel, "quota set", videos="3", role=newcomers)
    await _take(page, "Channel", "Limit for", path)


async def _take_appeal(world: World, page: Page, path: Path) -> None:
    moderators_channel = world.moderators_channel
    async with world.turn:
        await world.mona.slash(world.channel, "veo-admin settings", moderators_channel=moderators_channel)
        await world.mona.slash(world.channel, "veo-admin words add", word=WORD, preview=False)
        refused = await world.alice.slash(world.channel, "veo", prompt=WORD_PROMPT, duration=SECONDS)
        if refused.response is not None:
            form = await world.alice.click(refused.response.message, label="Ask a moderator")
            await world.alice.submit_modal(form, {"why": WHY})
    await _take(page, "Thread", "A member asks a moderator", path)


async def _take_review(world: World, page: Page, path: Path) -> None:
    image = ("hills.png", draw_hills())
    async with world.turn:
        await world.mona.slash(world.channel, "veo-admin settings", review="newcomers 7 days 3 videos")
        await world.alice.slash(world.channel, "veo", prompt=IMAGE_PROMPT, duration=SECONDS, image=image)
    await _take(page, "Thread", "A request is waiting for your approval", path)


async def _take(page: Page, side: str, words: str, path: Path) -> None:
    """Take a picture of the message with these words."""
    message = pane(page, side).get_by_role("article").filter(has_text=words)
    await message.wait_for()
    await page.wait_for_timeout(2000)  # images come a moment later
    await message.screenshot(path=path)


async def _found_past(world: World, database_url: str) -> RoleHandle:
    """Let members have had videos for a month; return the role of the new ones."""
    newcomers = world.guild.create_role("Newcomers")
    users = [world.env.create_user(name) for name in _names()]
    people = [world.guild.add_member(user, roles=[newcomers]) for user in users]
    rows = list(_past(world, people))
    async with open_database(database_url) as database:
        await database.write(lambda session: session.add_all(rows))
    return newcomers


def _names() -> Iterator[str]:
    yield from NAMES
    yield from (f"member{number}" for number in range(len(NAMES), MEMBERS))


def _past(world: World, people: Sequence[MemberActor]) -> Iterator[Generation]:
    """Yield their videos; who comes first in the list has the busiest days."""
    chance, now = random.Random(1), utc_now()  # noqa: S311 nothing secret
    for day in range(1, DAYS):
        for place, person in enumerate(people):
            if chance.random() < 1 / (2 + place / 2):
                for number in range(chance.randint(1, DAILY_LIMIT)):
                    at = now - day * A_DAY - timedelta(minutes=10 * number)
                    yield _video(world, person, chance.choice(PROMPTS), at, chance.getrandbits(62))
    for days in (2, 3, 9):
        yield _video(world, world.alice, PROMPTS[days % 3], now - timedelta(days=days), days)


def _video(world: World, person: MemberActor, prompt: str, at: datetime, number: int) -> Generation:
    return Generation(
        id=f"{number:016x}",
        interaction_id=number,
        guild_id=world.guild.id,
        channel_id=world.channel.id,
        user_id=person.id,
        placement=Placement.THREAD,
        prompt=prompt,
        model="google/veo3",
        options={"duration": SECONDS},
        status=Status.SUCCEEDED,
        created_at=at,
        not_before=at,
        submitted_at=at,
        finished_at=at,
        delivered_at=at,
        credits_used=PRICE,
        attempts=1,
    )
