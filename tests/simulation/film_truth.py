"""What people saw of films, and of requests that waited for moderators, against what the database says."""

import json
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from itertools import pairwise
from typing import TYPE_CHECKING, Any

from bot.db.review_models import ReviewDecision
from bot.films.runner import MAX_ATTEMPTS
from sandbox.jobs import Job
from tests.simulation.discord import Kind, Message
from tests.simulation.ffmpeg import CUT, FADE, SIGNATURE

if TYPE_CHECKING:
    from tests.simulation.community import Community
    from tests.simulation.rows import Row
    from tests.simulation.world import World

REVIEW_SECONDS = 24 * 3600.0
LATE_SECONDS = 3600.0  # by which an end may come late: nobody served, or the database took nothing
FILMS = (
    "SELECT id, delivered_at IS NOT NULL, lease_owner, result_id, joined_shots, lost_shots,"
    " removed_at IS NOT NULL, card_id, erased_at IS NOT NULL, transition,"
    " attempts"
    " FROM films WHERE accepted_at IS NOT NULL ORDER BY accepted_at, id"
)
REVIEWS = "SELECT id, created_at, decision, decided_at FROM reviews ORDER BY created_at, id"  # of both stages
DECIDED = (
    "SELECT subject, count(*) FROM audit WHERE subject LIKE 'generation:%'"
    " AND action IN ('review_approve', 'review_decline') GROUP BY 1 HAVING count(*) > 1"
)


@dataclass(frozen=True, slots=True)
class FilmFacts:
    """What the database says of a film."""

    id: str
    delivered: bool
    owner: str | None
    result: int | None
    joined: list[str] | None
    lost: list[int]
    removed: bool
    card: int | None
    erased: bool
    transition: str
    attempts: int

    @property
    def fades(self) -> bool:
        """Whether its shots may fade into each other; where that can't be made, they're cut."""
        return self.transition == "crossfade"


class FilmLedger:
    """Compares films."""

    def __init__(self, world: "World") -> None:
        self._world = world

    def films(self) -> list[FilmFacts]:
        """Return all films that were agreed to."""
        return [_facts(values) for values in self._world.books.execute(FILMS)]

    def check_always(self) -> list[str]:
        """Return what is wrong at any moment: nothing is shown twice."""
        lies: list[str] = []
        for name, messages in self._world.discord.messages.items():
            shown = [message for message in messages if message.kind in {Kind.FILM, Kind.REPLACED}]
            lies += [
                f"film {name} was posted twice as it was"
                for before, after in pairwise(shown)
                if before.said == after.said
            ]
        return lies

    def check_end(self, rows: Sequence["Row"]) -> list[str]:
        """Return what is wrong with films once everything has had its time."""
        takes: dict[str, list[Row]] = {}
        for row in rows:
            takes.setdefault(row.film or "", []).append(row)
        lies: list[str] = []
        for film in self.films():
            mine = takes.get(film.id, [])
            lies += [f"film {film.id} {lie}" for lie in self._lies_about(film, mine)]
            lies += [f"film {film.id} {lie}" for lie in _lies_about_redos(mine)]
        return lies

    def _lies_about(self, film: FilmFacts, takes: Sequence["Row"]) -> list[str]:
        discord = self._world.discord
        shown = discord.of(film.id, Kind.FILM)
        is_forgotten = film.erased or any(take.erased for take in takes)
        wanted = _wanted(film, takes)
        is_postable = not (film.removed or is_forgotten or film.id in discord.nowhere)
        lies = {
            "never came to its end": not film.delivered,
            f"is still held by {film.owner}": film.owner is not None,
            "has no shots": not takes,
            f"is posted {len(shown)} times": len(shown) > 1,
            "was removed, and is posted": film.removed and bool(shown),
            "was never posted": is_postable and bool(wanted) and not shown and not self._was_given_up(film),
            "has a card that is not final": self._is_card_open(film),
        }
        if is_postable and wanted and shown and not self._was_given_up(film):
            words = _words_of(shown[0], film.fades)
            lies[f"shows {words!r} instead of {wanted!r}"] = words != wanted
        return [lie for lie, is_so in lies.items() if is_so]

    def _was_given_up(self, film: FilmFacts) -> bool:
        """Whether joining took too long twice, or the machine let it fail too often (`bot.films.runner`)."""
        ffmpeg = self._world.ffmpeg
        has_failed = film.attempts >= MAX_ATTEMPTS <= ffmpeg.faults
        return has_failed or sum(film.id in name for name in ffmpeg.hung) > 1

    def _is_card_open(self, film: FilmFacts) -> bool:
        discord, state = self._world.discord, self._world.film_state(film.id)
        is_seen = any(card.said != state for card in discord.of(film.id, Kind.CARD))
        return is_seen and film.card is not None and film.id not in discord.unedited


class ReviewLedger:
    """Compares what moderators decided with what was done."""

    def __init__(self, world: "World") -> None:
        self._world = world

    def check_end(
        self, rows: Sequence["Row"], jobs: dict[str, list[Job]], community: "Community"
    ) -> list[str]:
        """Return what is wrong with reviews once everything has had its time."""
        books, sent = self._world.books, [row for row in rows if row.unreviewed is None]
        lies = [f"{subject} was decided {times} times" for subject, times in books.execute(DECIDED)]
        for review_id, created, decision, decided in books.execute(REVIEWS).fetchall():
            lies += [f"review {review_id} {lie}" for lie in self._lies_about(created, decision, decided)]
        for review_id, clicks in community.moderators.reviewers.clicks.items():
            taken = [click.decision.value for click in clicks if click.is_taken]
            if len(taken) > 1:
                lies.append(f"review {review_id} was decided as {taken}")
            approved = [click.at for click in clicks if click.decision is ReviewDecision.APPROVE]
            lies += self._lies_about_jobs(review_id, min(approved, default=None), sent, jobs)
        known = community.moderators.reviewers.clicks
        for row in sent:
            if row.review is not None and row.review not in known and jobs.get(row.id):
                lies.append(f"{row.id} was sent, and nobody looked at it")
        return lies

    def _lies_about(self, created: str, decision: str | None, decided: str | None) -> list[str]:
        if decision is None or decided is None:
            return ["was never decided"]
        waited = (datetime.fromisoformat(decided) - datetime.fromisoformat(created)).total_seconds()
        is_late = waited > REVIEW_SECONDS + LATE_SECONDS and not self._world.scenario.skews
        return [f"ended after {waited / 3600:.1f} hours"] if is_late else []

    def _lies_about_jobs(
        self, review_id: str, approved: float | None, rows: Sequence["Row"], jobs: dict[str, list[Job]]
    ) -> list[str]:
        return [
            f"{row.id} was sent before anybody approved it"
            for row in rows
            for job in jobs.get(row.id, [])
            if row.review == review_id and (approved is None or job.created_at < approved)
        ]


def _facts(values: Sequence[Any]) -> FilmFacts:
    told = list(values)
    told[4] = None if told[4] is None else json.loads(told[4])
    told[5] = json.loads(told[5] or "[]")
    return FilmFacts(*told)


def _wanted(film: FilmFacts, takes: Sequence["Row"]) -> list[str]:
    """Return the words of the shots that the film is to show: of each the last take that was made."""
    there: dict[int, Row] = {}
    for take in sorted(takes, key=lambda take: take.number):
        if take.status == "succeeded" and not take.removed:
            there[take.shot or 0] = take
    known = [there[shot] for shot in sorted(there) if shot not in film.lost]
    return [take.prompt for take in known]


def _words_of(message: Message, fades: bool) -> list[str]:
    said = message.said.removeprefix(SIGNATURE.decode(errors="replace"))
    return (said.replace(FADE.decode(), CUT.decode()) if fades else said).split(CUT.decode())


def _lies_about_redos(takes: Sequence["Row"]) -> list[str]:
    """Each offer of a redo is taken once: its words are those of the first take that came with it."""
    batches: dict[datetime, list[Row]] = {}
    for take in takes:
        batches.setdefault(take.created, []).append(take)
    firsts = [min(batch, key=lambda take: take.shot or 0) for batch in batches.values()]
    asked = Counter(first.prompt for first in firsts if first.source is not None and not first.erased)
    return [f"has {prompt!r} {times} times" for prompt, times in asked.items() if times > 1]
