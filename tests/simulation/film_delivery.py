"""How films come to people: `bot.jobs.ports.FilmPort` on the simulation's Discord."""

from bot.db.film_models import FilmRow
from bot.jobs.ports import DeliveryPostponedError, Posted, UploadBrokenError
from bot.media.files import Clip
from bot.media.fitting import Loss
from cogs.cards.takedown import film_posts
from tests.simulation.discord import Kind
from tests.simulation.port import Port

MADE = "SELECT id FROM generations WHERE film_id = ? AND status = 'succeeded' AND delivered_at IS NOT NULL"


class SimulatedFilmDelivery(Port):
    """The films' way to Discord, of one process."""

    async def find_result(self, subject: FilmRow, /) -> Posted | None:
        """Look for an earlier post of the film as it is now."""
        found = await self.call("search", subject.id, lambda: self.discord.of(subject.id, Kind.FILM))
        later = [film for film in found if film.id > (subject.result_id or 0)]
        return Posted(later[-1].id, later[-1].place) if later else None

    async def boost_level(self, subject: FilmRow, /) -> int:  # noqa: ARG002 the interface names it
        """Return 0: no server is boosted."""
        return 0

    async def post_video(
        self,
        subject: FilmRow,
        /,
        clip: Clip,
        loss: Loss | None = None,  # noqa: ARG002 nothing is made smaller here
        *,
        with_file: bool = True,
    ) -> Posted:
        """Post the film; its nonce tells films of other shots apart, as `FilmMessage.nonce`."""
        said = clip.path.read_bytes().decode(errors="replace")
        made = sorted(take for (take,) in self.process.world.books.execute(MADE, (subject.id,)))
        try:
            return await self.post(Kind.FILM, subject, said, f"{with_file} {made}")
        except DeliveryPostponedError as error:
            if with_file and error.retry_after is None:
                raise UploadBrokenError(str(error), clip.size) from error
            raise

    async def take_down(self, row: FilmRow) -> None:
        """Delete the messages with the film."""
        await self.call("take down", row.id, lambda: self.delete(row))

    def delete(self, row: FilmRow) -> None:
        """Delete them at once."""
        self.discord.delete(row.id, *(post.message_id for post in film_posts(row)))

    async def show_replaced(self, row: FilmRow) -> None:
        """Let the message with the film as it was lead to the present one."""
        older = {post.message_id for post in film_posts(row)[1:]}

        def replace() -> None:
            for message in self.discord.of(row.id, Kind.FILM):
                if message.id in older:
                    message.kind = Kind.REPLACED

        if older:
            await self.call("replace", row.id, replace)

    async def show_film(self, row: FilmRow) -> None:
        """Bring the card to its final form."""
        if row.guild_id in self.discord.removed:
            self.discord.unedited.add(row.id)
            return
        if row.card_id is not None:
            await self.call("edit", row.id, lambda: self.process.world.show_film(row.id))
