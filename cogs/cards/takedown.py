"""Takes a posted video down and brings its card up to date, with the bot's own token."""

from collections.abc import Awaitable, Callable, Sequence
from functools import partial

import discord
import structlog

from bot.db.film_models import FilmRow
from bot.db.models import Generation, Status
from bot.discord_client.client import VeoBot
from bot.errors import UserError
from bot.films.rows import Film
from bot.i18n import _, locale_used
from bot.jobs.ports import Posted
from bot.library.reposts import posts_of
from cogs.cards.card_message import CardMessage, card_message
from cogs.cards.film_card import film_message, film_of
from cogs.ui.discord_errors import CALL_ERRORS, postponed
from cogs.ui.items import Item, post_link, view_of
from cogs.ui.lists import together

log: structlog.stdlib.BoundLogger = structlog.get_logger(__name__)

WayOn = Callable[[str], Item]  # from a generation's ID
GONE = frozenset({10003, 10004, 10008})  # unknown channel, server, message
THREAD_ARCHIVED = 50083  # nothing in it can be deleted or edited before it is opened again


class TakedownError(UserError):
    """Discord does not let the bot delete the message."""

    def __init__(self, generation: Generation | FilmRow, left: Sequence[Posted]) -> None:
        """`left`: the messages that are still there."""
        links = (post_link(generation.guild_id, post) or _("a direct message") for post in left)
        messages = together(links)
        if isinstance(generation, FilmRow):
            text = _(
                "I marked the film as removed, but Discord didn't let me delete this: {messages}. Click "
                "again in a minute, or delete it yourself.",
                messages=messages,
            )
        else:
            text = _(
                "I marked the video as removed, but Discord didn't let me delete its message: "
                "{messages}. Click again in a minute, or delete it yourself.",
                messages=messages,
            )
        super().__init__(text)


async def take_down(
    client: VeoBot, generation: Generation, actor_id: int, way_on: WayOn | None = None
) -> None:
    """Delete all messages with the video that are still there, and show the card as it is now.

    A film that shows it as a shot goes with it. `actor_id`: who wants that; `way_on`: see `show_card`.

    Raises:
        TakedownError: one is still there.
    """
    film = await _remove_film(client, generation, actor_id)
    posts = [*posts_of(generation), *([] if film is None else film_posts(film.row))]
    left = await delete_all(client, generation, posts)
    await show_card(client, generation, way_on)
    if left:
        raise TakedownError(generation, left)
    for subject in (generation, *([] if film is None else [film.row])):
        await client.services.removal.finish(subject)


async def take_down_film(client: VeoBot, film: Film) -> None:
    """Delete all messages with a film and its shots that are still there, and show the card as it is now.

    Raises:
        TakedownError: one is still there.
    """
    gone = (take for take in film.takes if take.removed_at is not None and take.status is Status.SUCCEEDED)
    shots = (post for take in gone for post in posts_of(take))
    left = await delete_all(client, film.row, [*film_posts(film.row), *shots])
    if film.card_id is not None:
        await _edit_card(client, film.row, film.card_id, film_message(film, client.services.films.eta_of))
    if left:
        raise TakedownError(film.row, left)
    await client.services.removal.finish(film.row)


async def delete_all(
    client: discord.Client, subject: Generation | FilmRow, posts: Sequence[Posted]
) -> list[Posted]:
    """Delete messages, and return those that are still there."""
    left: list[Posted] = []
    for post in posts:
        try:
            await delete_post(client, subject, post)
        except CALL_ERRORS as error:
            log.error(
                "could not delete the message of a removed video or film",
                subject=subject.id,
                error=str(error),
            )
            left.append(post)
    return left


async def _remove_film(client: VeoBot, generation: Generation, actor_id: int) -> Film | None:
    """Return the film that shows a shot, which is marked as taken down."""
    films, film_id = client.services.films, generation.film_id
    return None if film_id is None else await films.remove(film_id, actor_id, shot_id=generation.id)


def film_posts(row: FilmRow) -> list[Posted]:
    """Return the messages that show a film, also as it was before a shot was redone."""
    posts = [] if row.result_id is None else [Posted(row.result_id, row.result_channel_id)]
    match row.replaced_post:
        case [channel_id, int(message_id)]:
            return [*posts, Posted(message_id, channel_id)]
        case _:
            return posts


async def show_card(client: VeoBot, generation: Generation, way_on: WayOn | None = None) -> None:
    """Edit the card to how the generation stands; a card that cannot be edited stays as it is.

    `way_on`: makes the button with which the member goes on, in their language; a film's card has its own.
    """
    if generation.card_id is None:
        return
    film = await film_of(generation, client.services.films.find)
    message = card_message(generation) if film is None else film_message(film, client.services.films.eta_of)
    if film is None and way_on is not None:
        with locale_used(generation.locale):
            message["view"] = view_of(way_on(generation.id))
    await _edit_card(client, generation, generation.card_id, message)


async def _edit_card(
    client: VeoBot, subject: Generation | FilmRow, card_id: int, message: CardMessage
) -> None:
    channel = client.get_partial_messageable(subject.channel_id, guild_id=subject.guild_id)
    try:
        edit = partial(channel.get_partial_message(card_id).edit, **message)
        await reopening(client, subject.channel_id, edit)
    except CALL_ERRORS as error:
        log.warning("could not edit the card", subject=subject.id, error=str(error))


async def delete_post(client: discord.Client, generation: Generation | FilmRow, post: Posted) -> None:
    """Delete a message, also in a thread that is archived by now; one that is gone is fine.

    Raises:
        One of `CALL_ERRORS`: it is still there.
    """
    try:
        channel_id = await channel_of(client, generation, post)
        message = client.get_partial_messageable(channel_id).get_partial_message(post.message_id)
        await reopening(client, channel_id, message.delete)
    except discord.HTTPException as error:
        if error.code not in GONE:
            raise


async def delete_or_postpone(
    client: discord.Client, subject: Generation | FilmRow, posts: Sequence[Posted]
) -> None:
    """Delete messages; those that are gone are fine.

    Raises:
        DeliveryPostponedError: one is still there.
    """
    for post in posts:
        try:
            await delete_post(client, subject, post)
        except CALL_ERRORS as error:
            raise postponed(error) from error


async def reopening(client: discord.Client, channel_id: int, change: Callable[[], Awaitable[object]]) -> None:
    """Change a message, also in a thread that is archived by now; raises as `change`."""
    try:
        await change()
    except discord.HTTPException as error:
        if error.code != THREAD_ARCHIVED:
            raise
        await client.http.edit_channel(channel_id, archived=False)
        await change()


async def channel_of(client: discord.Client, generation: Generation | FilmRow, post: Posted) -> int:
    """Return the id of the channel of a message; that of a direct message is asked for."""
    if post.channel_id is not None:
        return post.channel_id
    return (await client.create_dm(discord.Object(generation.user_id))).id
