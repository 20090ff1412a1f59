"""Shows films on Discord (see `bot.jobs.ports.FilmPort`), by the same ways as single videos."""

from collections.abc import Awaitable, Callable
from functools import partial

import discord
import structlog

from bot.db.film_models import FilmRow
from bot.i18n import _, locale_used
from bot.jobs.ports import Posted, UndeliverableError
from bot.media.files import Clip
from bot.media.fitting import Loss
from cogs.cards.film_buttons import FilmRedoButton, FilmRemixButton
from cogs.cards.film_card import FindFilm, film_link, film_number_line
from cogs.cards.film_message import FilmMessage, is_film
from cogs.cards.takedown import channel_of, delete_or_postpone, delete_post, film_posts, reopening
from cogs.delivery.card_updates import Cards
from cogs.delivery.posting import Posts
from cogs.films.delete_buttons import FilmDeleteButton
from cogs.reports.buttons import FilmReportButton
from cogs.ui.discord_errors import CALL_ERRORS, Remedy, classify_error, postponed
from cogs.ui.items import view_of
from cogs.ui.servers import Servers

log: structlog.stdlib.BoundLogger = structlog.get_logger(__name__)

ChangePost = Callable[[discord.Client, FilmRow, Posted], Awaitable[None]]


class FilmDelivery:
    """The films' way to Discord."""

    def __init__(
        self, client: discord.Client, posts: Posts, cards: Cards, servers: Servers, find_film: FindFilm
    ) -> None:
        self._client = client
        self._posts = posts
        self._cards = cards
        self._servers = servers
        self._find_film = find_film

    async def show_film(self, row: FilmRow) -> None:
        """Bring the card to its final form."""
        await self._cards.show_film(row)

    async def show_replaced(self, row: FilmRow) -> None:
        """Take the file off the message with the film as it was, and let that lead to the present one.

        A message that can't be changed is deleted.
        """
        for post in film_posts(row)[1:]:
            if await self._is_refused(row, post, _replace_post) and await self._is_refused(
                row, post, delete_post
            ):
                log.warning("could not replace the earlier version of a film", film=row.id)

    async def _is_refused(self, row: FilmRow, post: Posted, change: ChangePost) -> bool:
        """Change a message, and return whether that is refused for good."""
        try:
            await change(self._client, row, post)
        except CALL_ERRORS as error:
            if classify_error(error) is Remedy.LATER:
                raise postponed(error) from error
            log.warning("could not edit a film's message", film=row.id, error=str(error))
            return True
        return False

    async def take_down(self, row: FilmRow) -> None:
        """Delete the message with the film."""
        await delete_or_postpone(self._client, row, film_posts(row))

    async def find_result(self, subject: FilmRow, /) -> Posted | None:
        """Look for an earlier post of the film."""

        def is_it(message: discord.Message) -> bool:
            return is_film(message, subject) and message.id > (subject.result_id or 0)

        return await self._posts.find_result(subject, is_it)

    async def boost_level(self, subject: FilmRow, /) -> int:
        """Return the server's level as Discord told it last, and 0 where it tells nothing."""
        return await self._servers.boost_level(subject.guild_id)

    async def post_video(
        self, subject: FilmRow, /, clip: Clip, loss: Loss | None = None, *, with_file: bool = True
    ) -> Posted:
        """Post the film, or say that its file can't be posted."""
        film = await self._find_film(subject.id)
        if film is None:
            raise UndeliverableError("the film is not recorded any more")
        with locale_used(subject.locale):
            view = view_of(
                FilmRedoButton(subject.id),
                FilmRemixButton(subject.id),
                FilmDeleteButton(subject.id),
                FilmReportButton(subject.id),
            )
        return await self._posts.post(FilmMessage(film, clip, loss, with_file=with_file), view)


async def _replace_post(client: discord.Client, row: FilmRow, post: Posted) -> None:
    """Take the file off a message, and say where the film is now.

    Raises:
        One of `CALL_ERRORS`: it stays as it was.
    """
    channel_id = await channel_of(client, row, post)
    message = client.get_partial_messageable(channel_id).get_partial_message(post.message_id)
    edit = partial(message.edit, content=_replaced_text(row), attachments=[], view=None)
    await reopening(client, channel_id, edit)


def _replaced_text(row: FilmRow) -> str:
    """Return what stands in that message, in the member's language."""
    with locale_used(row.locale):
        link = film_link(row)
        where = (
            _("🎞️ This film has a new shot. [The new film]({link})", link=link)
            if link
            else _("🎞️ This film has a new shot. The new film is in a direct message.")
        )
        return f"{where}\n{film_number_line(row)}"
