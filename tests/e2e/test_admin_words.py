"""Forbidden words: how they are kept, shown and found in prompts."""

import pytest
from simcord.backend.errors import SetupError

from sandbox.world import World
from tests.e2e.driver import case, shown
from tests.e2e.moderating import accepted, admin, refused, said, use, without_bounds

HOSTILE = "**bold** @everyone <@1> <@&2> https://evil.example `x`"


async def trail(world: World) -> int:
    """Return how many deeds are written down."""
    return len(await world.app.services.moderation.list_log(world.guild.id, size=100))


@pytest.mark.nightly
async def test_a_forbidden_word_is_found_however_it_is_written(world: World) -> None:
    assert "Added" in await admin(world, "words add", word="violence")
    for prompt in ("violence", "no VIOLENCE, please", "ｖｉｏｌｅｎｃｅ", "vio\u200blence", "víolence"):
        with case(prompt):
            await refused(world, "“violence”", prompt=prompt)
            await refused(world, "“violence”", negative_prompt=prompt)
    assert world.provider.count("create") == 0


async def test_words_that_contain_a_forbidden_one_pass(world: World) -> None:
    await admin(world, "words add", word="violence")
    await accepted(world, prompt="a hymn to nonviolence")


@pytest.mark.nightly
async def test_a_word_can_be_allowed_again(world: World) -> None:
    await admin(world, "words add", word="Red Dragon")
    await refused(world, "“Red Dragon”")
    await world.restart()
    await refused(world, "“Red Dragon”")
    assert "Removed" in await admin(world, "words remove", word="red  DRAGON")
    await accepted(world)


async def test_a_word_that_another_entry_forbids_is_not_called_allowed(world: World) -> None:
    for word in ("red dragon", "dragon", "red"):
        await admin(world, "words add", word=word)
    text = await admin(world, "words remove", word="Red Dragon")
    assert "can contain" not in text, "the next prompt with it is refused"
    assert "“dragon” and “red”" in text
    await refused(world, "“dragon”", prompt="a red dragon")


async def test_words_are_listed_as_they_are(world: World) -> None:
    assert "No words are blocked" in await admin(world, "words list")
    assert "Added" in await admin(world, "words add", word=HOSTILE)
    assert "was already on the list" in await admin(world, "words add", word=HOSTILE)
    await admin(world, "words add", word="gore")
    text = await admin(world, "words list")
    assert "2 words and phrases are blocked" in text
    assert "- gore" in text
    assert "\\*\\*bold\\*\\*" in text
    assert "@everyone" not in text
    assert "isn't on the list" in await admin(world, "words remove", word="peace")


@pytest.mark.nightly
async def test_many_words_come_as_a_file(world: World) -> None:
    words = [f"{number:03} {'*' * 30} word" for number in range(30)]
    for word in words:
        await admin(world, "words add", word=word)
    answer = await use(world, "words list")
    assert "30 words and phrases are blocked" in said(answer)
    [file] = shown(answer).attachments
    assert file.filename == "words.txt"
    assert (await file.read()).decode().splitlines() == words


async def test_words_that_say_nothing_are_refused(world: World) -> None:
    for word in ("!!!", "\u200b\u200b", "*"):
        assert "letter or digit" in await admin(world, "words add", word=word), word
    assert await trail(world) == 0


async def test_words_that_are_too_long_are_refused(world: World) -> None:
    with pytest.raises(SetupError, match="100"):
        await use(world, "words add", word="x" * 101)
    await without_bounds(world)
    assert "up to 100 characters" in await admin(world, "words add", word="x" * 4000)
    assert await trail(world) == 0


async def test_words_to_allow_again_are_offered(world: World) -> None:
    for word in ("gore", "violence", "Gorilla"):
        await admin(world, "words add", word=word)
    choices = await world.mona.autocomplete(world.channel, "veo-admin words remove", "word", "GOR")
    assert [choice["value"] for choice in choices] == ["Gorilla", "gore"]
