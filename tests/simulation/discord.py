"""Discord as the ports see it: messages with nonces and a history, on the simulation's clock.

The narrowest ports are used: `DeliveryPort` for cards and results (`delivery.py`), `FilmPort` for films
(`film_delivery.py`), and `RemovedMessages` for what was removed (`takedowns.py`); the answer to a command is
in `answers.py`. The moderators' channel is served by the bot's own code, on a client that has only what it
calls (`client.py`); what is seen there is in `room.py`.
"""

import random
from collections.abc import Callable
from dataclasses import dataclass, field
from enum import StrEnum, auto

from bot.db.film_models import FilmRow
from bot.db.models import Generation

NONCE_SECONDS = 120.0  # for which Discord returns the first message for the same nonce
LATE_SECONDS = 90.0  # by which a call that was given up is carried out at last
HANG_SECONDS = 60.0  # after which the port gives up a call (`cogs.delivery.delivery`)


class Kind(StrEnum):
    """What a message is."""

    CARD = auto()
    VIDEO = auto()
    ENDING = auto()
    FILM = auto()
    REPLACED = auto()  # what became of a film's message once a shot was redone


@dataclass(slots=True)
class Message:
    """A message as people see it.

    Attributes:
        place: the channel's id; None: a direct message.
        said: of a result: the file's words, or why there is none; of a card: its state.
        tells: the bot's own sentences about that.
        edited: when the last edit was sent; one that was sent before and arrives later changes nothing.
        form: what a film's nonce says beside the film.
        has_nonce: sent again, it brings this one back; the answer to a command has none.
    """

    id: int
    kind: Kind
    generation_id: str
    user_id: int
    place: int | None
    at: float
    said: str
    has_nonce: bool = True
    form: str = ""
    tells: str = ""
    edited: float = 0.0


class Way(StrEnum):
    """How a call goes wrong."""

    REFUSED = auto()
    LIMITED = auto()
    LOST = auto()  # carried out, but its answer is lost
    HANGS = auto()
    HANGS_DONE = auto()
    LATE = auto()  # carried out after the caller gave it up


@dataclass
class Discord:
    """What everybody can see, and what goes wrong.

    Attributes:
        share: of all calls that go wrong.
        closed: channels that take no messages now.
        threadless: channels in which there are no threads.
        unreachable: members who take no direct messages.
        removed: servers that removed the bot, and since when.
        absences: of the bot that are over: the server, and both moments.
        nowhere: requests whose result had no place.
        deleted: messages that are there no more; sent again, they don't come back.
        unedited: requests whose card could not be edited, since the bot was not there.
    """

    now: Callable[[], float]
    chance: random.Random
    share: float = 0.0
    closed: set[int] = field(default_factory=set[int])
    threadless: set[int] = field(default_factory=set[int])
    unreachable: set[int] = field(default_factory=set[int])
    removed: dict[int, float] = field(default_factory=dict[int, float])
    absences: list[tuple[int, float, float]] = field(default_factory=list[tuple[int, float, float]])
    nowhere: set[str] = field(default_factory=set[str])
    unedited: set[str] = field(default_factory=set[str])
    messages: dict[str, list[Message]] = field(default_factory=dict[str, list[Message]])
    deleted: dict[str, list[Message]] = field(default_factory=dict[str, list[Message]])
    faults: int = 0
    _count: int = 0

    def leave(self, guild_id: int) -> None:
        """Remove the bot from a server."""
        self.removed[guild_id] = self.now()

    def join(self, guild_id: int) -> None:
        """Invite it again."""
        since = self.removed.pop(guild_id, None)
        if since is not None:
            self.absences.append((guild_id, since, self.now()))

    def is_shut(self, subject: Generation | FilmRow) -> bool:
        """Whether the bot can do nothing in a request's channel."""
        return subject.channel_id in self.closed or subject.guild_id in self.removed

    def draw(self) -> Way | None:
        """Return how the next call goes wrong; None: not at all."""
        if not self.share or self.chance.random() >= self.share:
            return None
        self.faults += 1
        return self.chance.choice(list(Way))

    def of(self, generation_id: str, *kinds: Kind) -> list[Message]:
        """Return the messages of a request, oldest first."""
        return [found for found in self.messages.get(generation_id, []) if found.kind in kinds]

    def new_id(self) -> int:
        """Return an id that is larger than all before."""
        self._count += 1
        return (int(self.now() * 1000) << 22) + self._count

    def post(self, message: Message, sent_at: float) -> Message:
        """Show a message; the same nonce, sent or carried out shortly after it, brings the first one back."""
        known = [*self.messages.get(message.generation_id, []), *self.deleted.get(message.generation_id, [])]
        for found in known:
            is_same = found.has_nonce and _marks(found) == _marks(message)
            if is_same and is_same_post(sent_at, found.at, self.now()):
                return found
        message.id, message.at = self.new_id(), self.now()
        self.messages.setdefault(message.generation_id, []).append(message)
        return message

    def draft(self, kind: Kind, subject: Generation | FilmRow, place: int | None, said: str) -> Message:
        """Return a message that is not shown yet."""
        return Message(0, kind, subject.id, subject.user_id, place, 0.0, said)

    def delete(self, subject_id: str, *message_ids: int) -> None:
        """Take messages away."""
        there = self.messages.get(subject_id, [])
        self.deleted.setdefault(subject_id, []).extend(one for one in there if one.id in message_ids)
        self.messages[subject_id] = [one for one in there if one.id not in message_ids]


def _marks(message: Message) -> tuple[Kind, int | None, str]:
    return message.kind, message.place, message.form


def is_same_post(sent_at: float, first_at: float, now: float) -> bool:
    """Whether a message with the nonce of an earlier one brings that one back: soon after it, it does."""
    return min(abs(sent_at - first_at), now - first_at) < NONCE_SECONDS


def thread_of(card_id: int | None) -> int | None:
    """Return the id of the thread on a card, which is the card's."""
    return card_id
