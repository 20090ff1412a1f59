"""Messages, files, nonces, threads and direct messages, through the real discord.py."""

import asyncio
import io
from pathlib import Path

import aiohttp
import discord
import pytest

from tests.wire.bodies import Bodies
from tests.wire.conftest import Clock
from tests.wire.probe import Probe, connected, point_to
from tests.wire_discord import ChannelType, WireDiscord

ALICE, MONA = 11, 12
CONTENT = bytes(range(256)) * 100


def place(client: Probe, channel_id: int) -> discord.PartialMessageable:
    return client.get_partial_messageable(channel_id)


def file(content: bytes = CONTENT, name: str = "veo-1.mp4") -> discord.File:
    return discord.File(io.BytesIO(content), filename=name, description="A dragon")


async def test_a_message_is_posted_edited_read_and_deleted(client: Probe, wire: WireDiscord) -> None:
    channel = place(client, wire.channel.id)

    sent = await channel.send("one", embeds=[discord.Embed(title="t", description="d")])
    await channel.get_partial_message(sent.id).edit(content="two")
    read = await channel.fetch_message(sent.id)

    assert (read.content, read.embeds[0].description) == ("two", "d")
    assert read.edited_at
    assert read.author.id == wire.bot_id
    await read.delete()
    with pytest.raises(discord.NotFound) as caught:
        await channel.fetch_message(sent.id)
    assert caught.value.code == 10008
    assert wire.count("POST /channels/{channel_id}/messages") == 1


@pytest.mark.parametrize("on_disk", [False, True])
async def test_an_uploaded_file_comes_back_byte_for_byte(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, *, on_disk: bool
) -> None:
    async with WireDiscord(files=tmp_path if on_disk else None) as wire:
        point_to(wire, monkeypatch)
        async with connected(wire) as client:
            sent = await place(client, wire.channel.id).send("here", file=file())
            downloaded = await sent.attachments[0].read()

    attachment = sent.attachments[0]
    assert (attachment.filename, attachment.description) == ("veo-1.mp4", "A dragon")
    assert attachment.content_type == "video/mp4"
    assert downloaded == CONTENT
    assert wire.messages()[0].attachments[0].read() == CONTENT
    kept = await asyncio.to_thread(lambda: list(tmp_path.iterdir()))
    assert len(kept) == on_disk
    assert wire.requests[-2].files == {"veo-1.mp4": len(CONTENT)}


async def test_an_edit_keeps_the_attachments_that_it_names_and_adds_new_ones(
    client: Probe, wire: WireDiscord
) -> None:
    sent = await place(client, wire.channel.id).send("here", files=[file(name="a.mp4"), file(name="b.mp4")])

    edited = await sent.edit(attachments=[sent.attachments[1], file(b"new", "c.mp4")])

    assert [attachment.filename for attachment in edited.attachments] == ["b.mp4", "c.mp4"]
    assert wire.messages()[0].attachments[1].read() == b"new"


@pytest.mark.parametrize(
    ("content", "files", "status", "code"),
    [
        ("x" * 2001, [], 400, 50035),
        ("", [], 400, 50006),
        ("large", [bytes(2**20 + 1)], 413, 40005),
        ("many", [b"x"] * 11, 400, 30015),
    ],
)
async def test_what_discord_does_not_take(
    client: Probe,
    wire: WireDiscord,
    checked_bodies: Bodies,
    content: str,
    files: list[bytes],
    status: int,
    code: int,
) -> None:
    with pytest.raises(discord.HTTPException) as caught:
        await place(client, wire.channel.id).send(content, files=[file(each) for each in files])

    checked_bodies.wrong.clear()
    assert (caught.value.status, caught.value.code) == (status, code)
    assert wire.messages() == []


async def test_an_enforced_nonce_posts_once_and_is_forgotten_after_a_while(
    client: Probe, wire: WireDiscord, clock: Clock
) -> None:
    channel = place(client, wire.channel.id)

    first = await channel.send("one", nonce="7")
    second = await channel.send("two", nonce="7", file=file())
    other = await channel.send("three", nonce="8")
    clock.now += 181
    late = await channel.send("four", nonce="7")

    assert second.id == first.id != other.id
    assert [message.content for message in wire.messages()] == ["one", "three", "four"]
    assert late.id != first.id


async def test_a_nonce_returns_even_a_deleted_message(client: Probe, wire: WireDiscord) -> None:
    channel = place(client, wire.channel.id)
    first = await channel.send("one", nonce="7")
    await first.delete()

    assert (await channel.send("one", nonce="7")).id == first.id
    assert wire.messages() == []


async def test_only_allowed_mentions_ping(client: Probe, wire: WireDiscord) -> None:
    only_alice = discord.AllowedMentions(everyone=False, roles=False, users=[discord.Object(ALICE)])

    await place(client, wire.channel.id).send(f"<@{ALICE}> and <@{MONA}>", allowed_mentions=only_alice)
    await place(client, wire.channel.id).send(f"<@{ALICE}>", allowed_mentions=discord.AllowedMentions.none())

    assert [message.pings for message in wire.messages()] == [[ALICE], []]


async def test_a_reply_names_its_message_and_may_not_name_one_that_is_gone(
    client: Probe, wire: WireDiscord
) -> None:
    channel = place(client, wire.channel.id)
    first = await channel.send("one")

    await first.reply("two")
    await first.delete()
    with pytest.raises(discord.HTTPException) as caught:
        await first.reply("three")

    assert wire.messages()[0].reply_to == first.id
    assert caught.value.code == 50035


async def test_the_list_of_messages_is_newest_first(client: Probe, wire: WireDiscord) -> None:
    channel = place(client, wire.channel.id)
    sent = [await channel.send(str(number)) for number in range(5)]

    assert [message.content async for message in channel.history(limit=2)] == ["4", "3"]
    before = [message.content async for message in channel.history(limit=2, before=sent[2])]
    after = [message.content async for message in channel.history(limit=2, after=sent[2])]
    assert (before, after) == (["1", "0"], ["3", "4"])


async def test_a_thread_has_its_messages_id_and_exists_once(client: Probe, wire: WireDiscord) -> None:
    card = await place(client, wire.channel.id).send("card")

    thread = await client.http.start_thread_with_message(
        wire.channel.id, card.id, name="A dragon", auto_archive_duration=1440
    )
    with pytest.raises(discord.HTTPException) as caught:
        await client.http.start_thread_with_message(
            wire.channel.id, card.id, name="A dragon", auto_archive_duration=1440
        )
    await place(client, int(thread["id"])).send("in the thread")

    assert int(thread["id"]) == card.id
    assert caught.value.code == 160004
    found = wire.thread_of(wire.messages(wire.channel.id)[0])
    assert found
    assert (found.name, found.type) == ("A dragon", ChannelType.PUBLIC_THREAD)
    assert [message.content for message in wire.messages(card.id)] == ["in the thread"]


@pytest.mark.parametrize("kind", [ChannelType.VOICE, ChannelType.PUBLIC_THREAD])
async def test_no_thread_in_voice_channels_and_threads(
    client: Probe, wire: WireDiscord, kind: ChannelType
) -> None:
    channel = wire.add_channel("elsewhere", kind)
    card = await place(client, channel.id).send("card")

    with pytest.raises(discord.HTTPException) as caught:
        await client.http.start_thread_with_message(channel.id, card.id, name="x", auto_archive_duration=1440)
    assert caught.value.code == 50024


async def test_an_archived_thread_takes_messages_and_no_changes(client: Probe, wire: WireDiscord) -> None:
    thread = wire.add_channel("a thread", ChannelType.PUBLIC_THREAD)
    sent = await place(client, thread.id).send("one")
    thread.archived = True

    for change in (sent.edit(content="two"), sent.delete()):
        with pytest.raises(discord.HTTPException) as caught:
            await change
        assert caught.value.code == 50083
    await place(client, thread.id).send("three")
    assert not thread.archived
    await sent.edit(content="two")
    assert [message.content for message in wire.messages(thread.id)] == ["two", "three"]


async def test_a_deleted_channel_is_unknown(client: Probe, wire: WireDiscord) -> None:
    wire.delete_channel(wire.channel.id)

    with pytest.raises(discord.NotFound) as caught:
        await place(client, wire.channel.id).send("too late")
    assert caught.value.code == 10003


async def test_direct_messages_arrive_unless_they_are_closed(client: Probe, wire: WireDiscord) -> None:
    wire.closed_to.add(MONA)

    await (await client.create_dm(discord.Object(ALICE))).send("hello")
    with pytest.raises(discord.Forbidden) as caught:
        await (await client.create_dm(discord.Object(MONA))).send("hello")

    assert [message.content for message in wire.direct_messages(ALICE)] == ["hello"]
    assert caught.value.code == 50007


async def test_rest_needs_the_token_and_the_cdn_does_not(client: Probe, wire: WireDiscord) -> None:
    sent = await place(client, wire.channel.id).send("here", file=file())
    async with aiohttp.ClientSession() as session:
        async with session.get(f"{wire.api_base}/users/@me") as answer:
            assert (answer.status, answer.headers["Content-Type"]) == (401, "application/json")
        async with session.get(sent.attachments[0].url) as answer:
            assert await answer.read() == CONTENT
        async with session.get(f"{wire.api_base}/nothing") as answer:
            assert (answer.status, await answer.json()) == (404, {"message": "404: Not Found", "code": 0})
