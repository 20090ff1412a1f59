"""Prompts that are meant to do harm: they are shown as their readers saw them, and ping nobody."""

import re

import pytest

from bot.markup import in_words
from sandbox.world import World
from tests.e2e.driver import ask_for_video, ask_in_vain, bodies, case, shown, the_result

# What is typed, and what the card's last line then is.
HOSTILE = {
    "everyone": ("@everyone look", "> @\u200beveryone look"),
    "here": ("look @here", "> look @\u200bhere"),
    "a member": ("kiss <@1> now", "> kiss someone now"),
    "a role": ("call <@&1> now", "> call some people now"),
    "a channel": ("see <#1> now", "> see a channel now"),
    "a masked link": ("[free](https://evil.example)", "> \\[free\\](https\\://evil.example)"),
    "nested masked links": (
        "[a](b) [c](https://evil.example) [[d]](http://evil.example)",
        "> \\[a\\](b) \\[c\\](https\\://evil.example) \\[\\[d\\]\\](http\\://evil.example)",
    ),
    "a preview": (
        "https://evil.example/x.png <https://a.example>",
        "> https\\://evil.example/x.png \\<https\\://a.example>",
    ),
    "a list": ("- one", "> \\- one"),
    "a numbered list": ("1. one", "> 1\\. one"),
    "a code fence": ("```py\nimport os\n```", "> \\`\\`\\`py import os \\`\\`\\`"),
    "a spoiler": ("||secret||", "> \\|\\|secret\\|\\|"),
    "a heading": ("# BIG", "> \\# BIG"),
    "small print": ("-# small", "> \\-# small"),
    "a quote": (">>> all the rest", "> \\>>> all the rest"),
    "bold and struck": ("**bold** ~~no~~ _it_", "> \\*\\*bold\\*\\* \\~\\~no\\~\\~ \\_it\\_"),
    "a timestamp": ("<t:0:R> </veo:1>", "> 1 January 1970 veo"),
    "a custom emoji": ("<:a:1> <a:b:1>", "> a b"),
    "turned round": ("abc\u202eghi\u202c \u2066def", "> abcghi def"),
    "many lines": ("one\ntwo\r\n\n\nthree", "> one two three"),
    "emoji": ("👩‍👩‍👧 🇺🇦 dance", "> 👩‍👩‍👧 🇺🇦 dance"),
}


ESCAPED = re.compile(r"\\([!-/:-@\[-`{-~])")
DANGEROUS = re.compile(r"[*_`~|\[\]]|<[@#:/a-z]|@everyone|@here|\w://|^\s*(?:[#>+-]|\d+\.\s)", re.MULTILINE)


def read(text: str) -> str:
    """Return what a reader sees of escaped text."""
    return ESCAPED.sub(r"\1", text).replace("\u200b", "")


def last_line(text: str) -> str:
    return text.splitlines()[-1]


async def test_hostile_prompts_are_shown_harmlessly_on_the_card(world: World) -> None:
    lines: dict[str, str] = {}
    for name, (prompt, _) in HOSTILE.items():
        world.found_server()  # so many do not wait in one
        lines[name] = last_line(shown(await ask_in_vain(world, prompt=prompt)).content)
    assert lines == {name: expected for name, (_, expected) in HOSTILE.items()}


async def test_all_of_it_at_once_pings_only_the_member_who_asked(world: World) -> None:
    prompt = " ".join(prompt for prompt, _ in HOSTILE.values())
    await ask_for_video(world, prompt=f"{prompt} <@{world.mona.id}> <@&{world.guild.id}>")
    message = the_result(world)
    assert [user.id for user in message.mentions] == [world.alice.id]
    assert not message.mention_everyone
    assert message.role_mentions == []
    for body in bodies(world, "POST", "/messages"):
        assert body["allowed_mentions"] == {"parse": [], "users": [world.alice.id]}
    [answer] = bodies(world, "POST", "/callback")
    assert answer["data"]["allowed_mentions"] == {"parse": []}
    [thread] = world.channel.threads
    assert 1 <= len(thread.name or "") <= 100, "Discord would refuse the thread's name"


@pytest.mark.nightly
async def test_the_longest_prompt_fits_with_all_of_it_in_the_embed(world: World) -> None:
    for symbol in ("*", "`", "_", "|", "x", "\\", "@everyone ", "[a](b) ", "🐉"):
        world.found_server()
        prompt = (symbol * 2000)[:2000].strip()
        with case(symbol):
            card = shown(await ask_in_vain(world, prompt=prompt, negative_prompt=(symbol * 1000)[:1000]))
            assert len(card.content) <= 2000, "the card is too long for Discord"
            [embed] = card.embeds
            assert embed.title == "Full prompt"
            assert embed.description is not None
            assert len(embed.description) <= 4096, "the embed is too long for Discord"
            assert read(embed.description) == prompt, "the embed shows something else than the prompt"


async def test_the_embed_is_as_harmless_as_the_card(world: World) -> None:
    lines = [prompt for name, (prompt, _) in HOSTILE.items() if name not in {"many lines", "turned round"}]
    prompt = in_words("\n".join(lines) + " x" * 300)
    [embed] = shown(await ask_in_vain(world, prompt=prompt)).embeds
    assert embed.description is not None
    assert read(embed.description) == prompt
    assert re.findall(DANGEROUS, ESCAPED.sub("x", embed.description)) == []


async def test_a_short_prompt_needs_no_embed(world: World) -> None:
    assert shown(await ask_in_vain(world, prompt="x" * 500)).embeds == []


async def test_the_thread_of_a_long_prompt_has_a_name_that_discord_allows(world: World) -> None:
    await ask_for_video(world, prompt="a very long walk " * 20)
    [thread] = world.channel.threads
    assert thread.name == ("a very long walk " * 6)[:90].rstrip()


async def test_the_video_message_of_the_longest_prompt_fits(world: World) -> None:
    await ask_for_video(world, prompt="*" * 2000)
    message = the_result(world)
    assert len(message.content) <= 2000
    [attachment] = message.attachments
    assert attachment.description is not None
    assert len(attachment.description) <= 1024, "the alt text is too long for Discord"
