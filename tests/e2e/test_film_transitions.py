"""Films whose shots fade into each other: chosen, shown, joined, redone and remixed so."""

from pathlib import Path

import pytest
from PIL import Image

from bot.media.files import probe
from bot.media.joining import CROSSFADE
from sandbox.world import World
from tests.e2e.driver import rows
from tests.e2e.filming import MAKE, SHOTS, film_posts, finished, latest, offered
from tests.e2e.quoting import as_shown, now_shown
from tests.e2e.raw import COMMAND, answers_in, send_raw
from tests.e2e.reporting import buttons
from tests.e2e.test_continue import difference, frame
from tests.e2e.test_film_redo import redo_offer, redone
from tests.e2e.videos import message_of, question

FADING = "Each shot fades into the next one."
SECONDS = 4


@pytest.mark.nightly
async def test_shots_fade_into_each_other_and_do_so_again_when_one_is_redone_or_all_are_remixed(
    world: World, tmp_path: Path
) -> None:
    offer = await offered(world, *SHOTS[:2], continuity="cuts", transition="crossfade")
    assert FADING in now_shown(world, offer).split("\n")
    await world.alice.click(as_shown(world, offer), label=MAKE)
    film = await finished(world, await latest(world))
    assert " · crossfades\n" in message_of(world, film.row.card_id).content
    await ensure_faded(world, tmp_path, 2)
    form = await world.alice.click(film_posts(world)[0], label="Remix")
    sent = {"title": "Again", "shots": "\n".join(SHOTS[:2]), "model": ["google/veo3"], "duration": ["4"]}
    again = question(await world.alice.submit_modal(form, {**sent, "picture": ["16:9 720P"]}))
    assert FADING in now_shown(world, again)
    redo = await redo_offer(world, 1)
    await world.alice.click(as_shown(world, redo), label=buttons(redo)[0])
    await redone(world, film)
    await ensure_faded(world, tmp_path, 2)


async def ensure_faded(world: World, folder: Path, count: int) -> None:
    """Check a film's length, and its pictures before, within and after each fade."""
    (post,) = film_posts(world)
    joined = await post.attachments[0].read()
    (folder / "film.mp4").write_bytes(joined)
    length = count * SECONDS - (count - 1) * CROSSFADE
    assert abs((await probe(folder / "film.mp4")).seconds - length) < 0.2
    shots = [
        await message_of(world, shot.result_id).attachments[0].read() for shot in (await latest(world)).shots
    ]
    for number in range(count):
        begin = number * (SECONDS - CROSSFADE)
        alone = frame(joined, folder, at(begin + 2))
        assert difference(alone, frame(shots[number], folder, at(2))) < 3, f"shot {number + 1}"
        if number:
            middle = CROSSFADE / 2
            before = frame(shots[number - 1], folder, at(SECONDS - middle))
            mix = Image.blend(before, frame(shots[number], folder, at(middle)), 0.5)
            assert difference(frame(joined, folder, at(begin + middle)), mix) < 3, f"fade to {number + 1}"


def at(second: float) -> str:
    return f"fps=24,select='gte(t,{second - 0.01})'"


async def test_a_film_of_one_shot_has_nothing_that_fades(world: World) -> None:
    offer = await offered(world, SHOTS[0], transition="crossfade")
    assert FADING not in now_shown(world, offer)
    cuts = await offered(world, *SHOTS[:2])
    assert FADING not in now_shown(world, cuts)


async def test_what_was_never_offered_is_refused_in_words(world: World) -> None:
    commands = world.env.backend.commands[None].values()
    [command] = [command for command in commands if command["name"] == "film"]
    for option in ("transition", "continuity"):
        chosen = [{"name": option, "type": 3, "value": "wipe"}]
        data = {"id": command["id"], "name": "film", "type": 1, "options": chosen}
        sent = await send_raw(world, world.alice, COMMAND, data)
        [answer] = answers_in(sent)
        said = (
            "One of the options has an invalid value. Choose it again. This didn't count toward your limit."
        )
        assert answer["data"]["content"] == said
    assert await rows(world) == []
