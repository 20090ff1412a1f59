"""Members who make films, redo shots, cancel, and delete. What they do follows from the seed."""

import asyncio
from typing import TYPE_CHECKING

from bot.admission.check_request import Requester
from bot.db.film_models import Continuity, Transition
from bot.db.models import OPEN
from bot.films.redoing import RedoQuote
from bot.films.rows import Film
from bot.films.script import FilmSpec
from bot.films.service import FilmQuote
from bot.requests.confirmation import Confirmation
from cogs.veo.answer import answer_with
from tests.simulation.answers import post_film_card
from tests.simulation.takedowns import SimulatedRemovedMessages
from tests.simulation.visits import MODERATOR, Member, services_of

if TYPE_CHECKING:
    from tests.simulation.community import Community
    from tests.simulation.process import Process
    from tests.simulation.world import World

MAKES, REDOES, CANCELS, DELETES = 1.0, 0.5, 0.25, 0.12  # what somebody wants who comes for a film
AGREES, CLICKS_TWICE, TOGETHER = 0.85, 0.3, 0.5
REGRETS, SOON = (
    0.25,
    (1.0, 1.0, 1 / 20, 1 / 200),
)  # who cancels the film they made, and how soon, by the second
SHOTS = (2, 2, 2, 3, 4)
FAMILIES = (None, "Veo 3", "Veo 3 Fast")
STATUSES = "SELECT id, status FROM generations WHERE film_id = ?"
RECENT = (
    "SELECT id FROM films WHERE guild_id = ? AND user_id = ? AND accepted_at IS NOT NULL ORDER BY rowid DESC"
)


class Filmmakers:
    """What members do with films."""

    def __init__(self, world: "World", community: "Community") -> None:
        self._world = world
        self._community = community
        self._chance, self._passes = world.stream("films"), world.stream("transitions")
        self._count = 0

    async def come(self, member: Member) -> None:
        """Let a member make a film, or do something about one of theirs."""
        film_id = self._one_of(member)
        ways = {self._make: MAKES}
        if film_id is not None:
            ways |= {
                lambda member: self._redo(member, film_id): REDOES,
                lambda member: self._cancel(member, film_id, member.user_id): CANCELS,
                lambda member: self.delete(member, film_id, member.user_id): DELETES,
            }
        self._chance.choices(list(ways), list(ways.values()))[0](member)
        if film_id is None and self._chance.random() < REGRETS:
            await asyncio.sleep(self._chance.expovariate(self._chance.choice(SOON)) + 3)
            if (made := self._one_of(member)) is not None:
                self._cancel(member, made, member.user_id)

    def moderate(self, member: Member) -> None:
        """Let a moderator cancel or delete somebody's film."""
        film_id = self._one_of(member)
        if film_id is not None:
            self._chance.choice((self._cancel, self.delete))(member, film_id, MODERATOR)

    def _one_of(self, member: Member) -> str | None:
        """Return a film whose card a member sees."""
        found = self._world.books.execute(RECENT, (member.guild_id, member.user_id)).fetchmany(3)
        return self._chance.choice(found)[0] if found else None

    def _make(self, member: Member) -> None:
        self._count += 1
        shots = range(1, self._chance.choice(SHOTS) + 1)
        spec = FilmSpec(
            title=f"Film {self._count}",
            prompts=tuple(f"A bear, film {self._count}, shot {shot}" for shot in shots),
            model=self._chance.choice(FAMILIES),
            options={"duration": 8},
            images=(),
            continuity=self._chance.choice(list(Continuity)),
            transition=self._passes.choice(list(Transition)),
        )
        requester = self._community.requester(member)
        self._community.visit(lambda process: self._offer(process, requester, spec))

    async def _offer(self, process: "Process", requester: Requester, spec: FilmSpec) -> None:
        self._consider(requester, await services_of(process).films.offer(requester, spec))

    def _consider(self, requester: Requester, quote: FilmQuote) -> None:
        """Click on the offer after a while, or twice, or not at all."""
        row = quote.row
        for wait in self._clicks():
            self._world.spawn(self._click(requester, row.id, row.revision, wait), "click")

    def _clicks(self) -> list[float]:
        """Return after how many seconds an offer is clicked on: once, twice, or never."""
        chance = self._chance
        if chance.random() > AGREES:
            return []
        wait = chance.uniform(1, 3)
        if chance.random() > CLICKS_TWICE:
            return [wait]
        return [wait, wait if chance.random() < TOGETHER else chance.uniform(1, 3)]

    async def _click(self, requester: Requester, film_id: str, revision: int, wait: float) -> None:
        await asyncio.sleep(wait)
        clicked = self._community.requester(Member(requester.guild_id, requester.user_id))

        async def confirm(process: "Process") -> None:
            got = await services_of(process).films.confirm(clicked, film_id, revision)
            if isinstance(got, Film):
                await self._show(process, got)
            else:
                self._consider(requester, got)

        self._community.visit(confirm)

    async def _show(self, process: "Process", film: Film) -> None:
        """Post the card, and let the work begin, by the button's own code."""
        self._world.note(process.name, f"accepted film {film.row.id} of {film.row.user_id}")

        async def send() -> int:
            return await post_film_card(process, film.row)

        await answer_with(services_of(process).films, film.row.id, send)

    def _redo(self, member: Member, film_id: str) -> None:
        self._count += 1
        number, prompt = self._chance.choice((1, 2, 2, 3)), f"A bear, redo {self._count}"
        requester = self._community.requester(member)

        async def offer(process: "Process") -> None:
            quote = await services_of(process).redoing.offer(requester, film_id, number, prompt)
            self._consider_redo(member, quote)

        self._community.visit(offer)

    def _consider_redo(self, member: Member, quote: RedoQuote) -> None:
        row, last = quote.quote.row, self._chance.choice((quote.redo.shot, quote.redo.last))
        for wait in self._clicks():
            self._world.spawn(
                self._click_redo(member, Confirmation(row.id, row.revision), last, wait), "click"
            )

    async def _click_redo(self, member: Member, confirmation: Confirmation, last: int, wait: float) -> None:
        await asyncio.sleep(wait)
        clicked = self._community.requester(member)

        async def confirm(process: "Process") -> None:
            got = await services_of(process).redoing.confirm(clicked, confirmation, last)
            if isinstance(got, RedoQuote):
                self._consider_redo(member, got)
            else:
                self._world.note(process.name, f"accepted redo of film {got.row.id}")

        self._community.visit(confirm)

    def _cancel(self, member: Member, film_id: str, actor: int) -> None:
        """Cancel what a film still waits for; none of it may be open after that."""
        books, guild = self._world.books, member.guild_id

        async def cancel(process: "Process") -> None:
            takes = {name for name, _ in books.execute(STATUSES, (film_id,))}
            self._world.note(process.name, f"cancels film {film_id} for {actor}")
            await services_of(process).cancellation.cancel_film(guild, film_id, actor)
            for name, status in books.execute(STATUSES, (film_id,)):
                if name in takes and status == "cancelled":
                    self._community.cancelled.append(name)
                elif name in takes and status in OPEN:
                    self._world.broken(f"{name} is {status}, though film {film_id} was cancelled")

        self._community.visit(cancel)

    def delete(self, member: Member, film_id: str, actor: int) -> None:
        """Delete a film as the button does; somebody who is told that a message is left may click again."""

        async def delete(process: "Process") -> None:
            services = services_of(process)
            film = await services.films.remove(film_id, actor)
            if film is not None:
                await SimulatedRemovedMessages(process, services).delete_film(film)

        self._world.note("world", f"film {film_id} of {member.user_id} is to be deleted by {actor}")
        self._community.visit(delete)
