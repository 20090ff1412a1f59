"""The scripted part of the demo: videos, the wait in line, an image, limits, moderators' answers, a film."""

from io import BytesIO

from PIL import Image, ImageDraw

from bot.db.models import Generation, Status
from bot.films.rows import Film
from sandbox.stage import Stage, buttons_under
from sandbox.world import World

PROMPT = "A red dragon glides over a mountain lake at sunrise"
WAITING_PROMPT = "A lighthouse in a storm, seen from the sea"
IMAGE_PROMPT = "The sun sets behind the hills"
OFFERED_PROMPT = "A hot-air balloon lands in a field of sunflowers"
WORD = "pirate"  # that moderators block for a moment
WORD_PROMPT = "A pirate ship under a full moon"
WHY = "It's for our school play."
FILM_TITLE = "A paper boat at sea"
FILM_SHOTS = (
    "A paper boat leaves a small harbour at dawn",
    "The boat meets a whale",
    "The boat comes home in the evening",
)
REDONE_SHOT = "The boat meets a friendly octopus"
FAIL_MARK = "[fail]"  # the fake provider's safety filter stops prompts with it
DURATION = 4  # seconds of video; the page's player needs longer for more
VIDEOS = 2  # that alice's limit leaves her, so that her third one takes a grant of as many


class Script:
    """Plays the scenes on a stage."""

    def __init__(self, world: World, stage: Stage) -> None:
        self._world = world
        self._stage = stage

    async def play(self, *, fails: bool) -> bool:
        """Play all scenes; return whether everything that was expected happened."""
        if fails:
            return await self._video(f"{PROMPT} {FAIL_MARK}", ends=Status.FAILED)
        return (
            await self._video(PROMPT)
            and await self._line()
            and await self._review()
            and await self._limits()
            and await self._offer()
            and await self._usage()
            and await self._appeal()
            and await self._film()
        )

    async def _video(self, prompt: str, *, ends: Status = Status.SUCCEEDED) -> bool:
        """Show one request as a member sees it."""
        await self._stage.type(self._world.alice, "veo", prompt=prompt, duration=DURATION)
        return (await self._arrival()).status is ends

    async def _line(self) -> bool:
        """Show the same once more, what waits in line behind it, and how that is cancelled."""
        world, stage = self._world, self._stage
        world.provider.hold = True  # however quick the machine is, there is time to look at the line
        await stage.press(world.alice, stage.result_of(await stage.newest()), "Re-roll")
        again = await stage.newest()
        await stage.type(world.mona, "veo", prompt=WAITING_PROMPT, duration=DURATION)
        waiting = await stage.newest()
        await stage.wait_in_line(waiting)
        await stage.press(world.mona, stage.card_of(waiting), "Cancel")
        cancelled = await stage.newest()
        world.provider.release()
        again = await stage.follow(again)
        await stage.show_result(again)
        return (again.status, cancelled.status) == (Status.SUCCEEDED, Status.CANCELLED)

    async def _review(self) -> bool:
        """Show a request from an image that waits for a moderator; afterwards, none does."""
        world, stage = self._world, self._stage
        moderators_channel = world.moderators_channel
        await stage.type(
            world.mona, "veo-admin settings", review="newcomers 7 days", moderators_channel=moderators_channel
        )
        image = ("hills.png", draw_hills())
        await stage.type(world.alice, "veo", prompt=IMAGE_PROMPT, duration=DURATION, image=image)
        waiting = await stage.newest()
        await stage.decide(world.mona, await stage.read_as_moderator("👀"), "Approve")
        arrived = await self._arrival()
        await stage.type(world.mona, "veo-admin settings", review="nobody")
        return waiting.review_id is not None and arrived.status is Status.SUCCEEDED

    async def _limits(self) -> bool:
        """Show what a limit would have done, the limit, a refusal, and a grant."""
        world, stage = self._world, self._stage
        preview = await stage.type(
            world.mona, "quota set", videos=str(VIDEOS), member=world.alice, reason="a quiet week"
        )
        if preview is None or not preview.ephemeral:
            return False
        await stage.press(world.mona, preview.message, "Save")
        refused = await stage.type(world.alice, "veo", prompt=OFFERED_PROMPT, duration=DURATION)
        await stage.type(world.mona, "quota grant", member=world.alice, videos=VIDEOS, reason="the winner")
        return refused is not None and refused.ephemeral

    async def _offer(self) -> bool:
        """Show the price before the spending.

        It is off again afterwards, so that the page begins as the bot is set up.
        """
        world, stage = self._world, self._stage
        await stage.type(world.mona, "veo-admin settings", ask_first=True)
        offer = await stage.type(world.alice, "veo", prompt=OFFERED_PROMPT, duration=DURATION)
        if offer is None or not offer.ephemeral:
            return False
        await stage.press(world.alice, offer.message, "Generate")
        generation = await self._arrival()
        await stage.type(world.mona, "veo-admin settings", ask_first=False)
        return (generation.prompt, generation.status) == (OFFERED_PROMPT, Status.SUCCEEDED)

    async def _usage(self) -> bool:
        """Show what was used, and how a limit is taken away."""
        world, stage = self._world, self._stage
        usage = await stage.type(world.mona, "quota usage", period="day")
        files = usage.attachments if usage else []
        await stage.save(files)
        await stage.type(world.mona, "quota unset", window="all", member=world.alice, preview=False)
        return len(files) == 2

    async def _appeal(self) -> bool:
        """Show a refusal because of a word, the question to the moderators, and their answer."""
        world, stage = self._world, self._stage
        await stage.type(world.mona, "veo-admin words add", word=WORD, preview=False)
        refused = await stage.type(world.alice, "veo", prompt=WORD_PROMPT, duration=DURATION)
        if refused is None or not refused.ephemeral:
            return False
        await stage.press_and_fill_in(world.alice, refused.message, "Ask a moderator", {"why": WHY})
        await stage.decide(world.mona, await stage.read_as_moderator("🙋"), "Allow once")
        await stage.read_privately(world.alice, "✅")
        arrived = await self._video(WORD_PROMPT)
        await stage.type(world.mona, "veo-admin words remove", word=WORD)
        return arrived

    async def _film(self) -> bool:
        """Show a film: its price, its shots one after the other, what they become, and one made again."""
        world, stage = self._world, self._stage
        offer = await stage.fill_in(
            world.alice, "film", {"title": FILM_TITLE, "shots": "\n".join(FILM_SHOTS)}, duration=DURATION
        )
        if offer is None or not offer.ephemeral:
            return False
        await stage.press(world.alice, offer.message, "Make the film")
        film = await stage.follow_film((await stage.newest()).film_id or "")
        return film.row.result_id is not None and not film.missing and await self._redo(film)

    async def _redo(self, film: Film) -> bool:
        """Show one shot of the film made again with other words, and the film joined again."""
        world, stage = self._world, self._stage
        asked = await stage.press(world.alice, stage.result_of(film.row), "Redo a shot")
        if asked is None:
            return False
        words = {"prompt": REDONE_SHOT}
        offer = await stage.press_and_fill_in(world.alice, asked.message, "Redo shot 2", words)
        if offer is None or not offer.ephemeral:
            return False
        await stage.press(world.alice, offer.message, next(buttons_under(offer.message)))
        again = await stage.follow_film(film.row.id, posted=film.row.result_id)
        return again.shots[1].prompt == REDONE_SHOT and not again.missing

    async def _arrival(self) -> Generation:
        """Show how the newest request goes on until its result is there."""
        generation = await self._stage.follow(await self._stage.newest())
        await self._stage.show_result(generation)
        return generation


def draw_hills() -> bytes:
    """Return the image that alice gives: a sun between two hills, as a PNG file."""
    image = Image.new("RGB", (1280, 720), "#8ecae6")
    pen = ImageDraw.Draw(image)
    pen.ellipse((560, 200, 760, 400), fill="#ffb703")
    pen.ellipse((-300, 380, 760, 1100), fill="#386641")
    pen.ellipse((560, 420, 1600, 1200), fill="#6a994e")
    file = BytesIO()
    image.save(file, "PNG")
    return file.getvalue()
