"""The ledger of truth: what people saw, and what was paid for, against what the database says."""

from collections import Counter
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

from sandbox.jobs import Job
from tests.simulation.delivery import WITHHELD
from tests.simulation.discord import Kind, Message, thread_of
from tests.simulation.film_truth import FilmLedger, ReviewLedger
from tests.simulation.held_truth import HeldLedger
from tests.simulation.rows import UNREVIEWED, Row, fetch_rows
from tests.simulation.visits import EPOCH

if TYPE_CHECKING:
    from tests.simulation.community import Community
    from tests.simulation.world import World

LONG_AGO, LONG_AFTER = datetime.min.replace(tzinfo=UTC), datetime.max.replace(tzinfo=UTC)
OPEN_END = "is still asked for"
BEGIN = EPOCH.replace(tzinfo=None)
ONE_CLICK = timedelta(seconds=8)  # less than `bot.requests.repeats.DOUBLE_CLICK`: clocks differ
NOTICED_SECONDS = 240.0  # after which everybody has noticed that the bot was removed, pauses included
MINUTE = 60.0
FREE_ENDS = frozenset(
    {
        "refused",
        "untaken",
        "trouble",
        "model_gone",
        "unshown",
        "picture_gone",
        "video_gone",
        "shot_before",
        "frame_gone",
    }
)
COUNTED, FREE = "counts toward your limit", "didn't count toward your limit"
UNSURE = ("unless the video service didn't accept it", "I'll keep checking")


class Ledger:
    """Compares; the provider's books are read once."""

    def __init__(self, world: "World") -> None:
        self._world = world
        self._films = FilmLedger(world)
        self._reviews = ReviewLedger(world)
        self.held = HeldLedger(world)

    def check_always(self) -> list[str]:
        """Return what is wrong at any moment, whatever is still under way."""
        lies = self._films.check_always() + self.held.check_always()
        jobs = self._jobs()
        for name, made in jobs.items():
            paid = sum(job.is_success for job in made)
            if paid > 1:
                lies.append(f"{name} was paid {paid} times")
        for name, messages in self._world.discord.messages.items():
            kinds = Counter(message.kind for message in messages)
            if kinds[Kind.VIDEO] > 1:
                lies.append(f"{name} was shown {kinds[Kind.VIDEO]} videos")
            if kinds[Kind.CARD] > 1:
                lies.append(f"{name} has {kinds[Kind.CARD]} cards")
            # An open end may be told first, and that its file is lost later.
            told = Counter(message.said for message in messages if message.kind is Kind.ENDING)
            lies += [
                f"{name} was told {times} times why there is no video: {said}"
                for said, times in told.items()
                if times > 1
            ]
        return lies

    def films_shown(self) -> int:
        """Return how many films are shown now."""
        return sum(bool(self._world.discord.of(film.id, Kind.FILM)) for film in self._films.films())

    def check_end(self, community: "Community") -> list[str]:
        """Return what is wrong once everything has had its time."""
        lies, jobs = self.check_always(), self._jobs()
        rows = fetch_rows(self._world)
        for row in rows:
            made = jobs.get(row.id, [])
            lies += [f"{row.id} {lie} ({row.status}, {row.kind})" for lie in self._lies_about(row, made)]
        lies += [
            f"{row.id} was cancelled, and then {row.status}"
            for row in rows
            if row.id in community.cancelled and row.status != "cancelled"
        ]
        lies += self._lies_about_clicks(rows) + self._lies_about_absences(rows)
        lies += self._lies_about_forgetting(rows, community.forgotten) + self._lies_about_previews()
        asked = Counter(row.prompt for row in rows if row.source is None and not row.erased)
        lies += [
            f"{prompt!r} was asked for once, and accepted {times} times"
            for prompt, times in asked.items()
            if times > 1
        ]
        lies += self._films.check_end(rows) + self._reviews.check_end(rows, jobs, community)
        lies += self.held.check_end(rows, community)
        known = {row.id for row in rows} | {film.id for film in self._films.films()}
        for name in [*jobs, *self._world.discord.messages]:
            if name not in known:
                known.add(name)
                lies.append(f"{name} was sent or shown, and the database does not have it")
        return lies

    def _jobs(self) -> dict[str, list[Job]]:
        """Return what the provider made, by the request it was sent for."""
        found: dict[str, list[Job]] = {}
        for row in self._world.provider.log.rows(LONG_AGO, LONG_AFTER):
            if row.job is not None:
                name = (row.client_request_id or "").partition(".")[0]
                found.setdefault(name, []).append(row.job)
        return found

    def _lies_about(self, row: Row, jobs: list[Job]) -> list[str]:
        world = self._world
        messages = world.discord.of(row.id, Kind.VIDEO, Kind.ENDING)
        videos = [message for message in messages if message.kind is Kind.VIDEO]
        endings = [message for message in messages if message.kind is Kind.ENDING]
        paid = [job for job in jobs if job.is_success]
        nobody = row.id in world.discord.nowhere
        is_on_card = row.film is not None and row.source is None  # a film's card tells of its shots
        is_quiet = row.status == "cancelled" and (is_on_card or row.cancelled_by in {None, row.user})
        # What failed is told as free once the ledger shows it; until then, it may have what its poll told.
        costs = {None, *(float(job.cost) for job in jobs), *(0.0 for job in jobs if not job.is_success)}
        is_told = messages or row.result or self._is_told_once(row)
        is_made = row.status == "succeeded" and not row.is_withheld
        is_gone = row.removed and not row.is_withheld
        lies = {
            "never came to its end": not row.delivered or row.late,
            f"is still held by {row.owner}": row.owner is not None and not row.delivered,
            "was told nothing": not (is_told or is_quiet or nobody or is_gone),
            "has no video though it succeeded": is_made and not (videos or nobody or is_gone),
            "has a video though it did not succeed": bool(videos) and not is_made,
            "was removed, and is posted": row.removed and bool(videos),
            "has a video after an end that was final": bool(videos)
            and any(OPEN_END not in ending.said for ending in endings),
            "was paid for and never shown": bool(paid)
            and not videos
            and row.status != "cancelled"
            and row.kind != "broken"
            and not (row.is_withheld or is_gone or nobody),
            "was said not to have been taken, and was paid": row.kind in FREE_ENDS and bool(paid),
            "was cancelled as free, and was paid": row.status == "cancelled"
            and bool(paid)
            and not row.submitted,
            f"was said to cost {row.credits}": row.credits not in costs,
            "costs money though it was never charged": row.status == "failed"
            and bool(row.credits)
            and world.provider.charged.isdisjoint(job.id for job in jobs)
            and row.kind != "broken",
            "costs nothing though it was paid": row.status == "succeeded" and row.credits is None,
            "has a card that is not final": self._is_card_open(row),
        }
        lies |= {
            f"shows a video of somebody else: {video.said[-40:]!r}": True
            for video in videos
            if not row.erased and row.prompt not in video.said
        }
        lies |= {
            f"was told a lie: {message.tells!r}": True
            for message in [*endings, *world.discord.of(row.id, Kind.CARD)]
            if row.id not in world.discord.unedited and _is_lie(message.tells, row)
        }
        lies |= {
            f"was shown in {message.place}": True
            for message in messages
            if not (row.erased or self._is_place(row, message))
        }
        return [lie for lie, is_so in lies.items() if is_so]

    def _is_told_once(self, row: Row) -> bool:
        """Whether a shot ended with others of its review: the first one tells, where it can."""
        if row.film is None or row.kind not in UNREVIEWED:
            return False
        query = "SELECT id FROM generations WHERE review_id = ? AND failure_kind = ?"
        ended, discord = self._world.books.execute(query, (row.review, row.kind)), self._world.discord
        return any(discord.of(name, Kind.ENDING) or name in discord.nowhere for (name,) in ended)

    def _lies_about_clicks(self, rows: Sequence[Row]) -> list[str]:
        """Two clicks on the button below a video within a moment are one; each draws a seed."""
        lies: list[str] = []
        latest: dict[tuple[object, ...], Row] = {}
        for row in rows:
            if row.source is None or self._world.scenario.skews:
                continue
            before = latest.get(wish := (row.user, row.source, row.model, row.prompt, row.options))
            is_again = before is not None and row.created - before.created < ONE_CLICK
            if before is not None and is_again and "cancelled" not in {row.status, before.status}:
                lies.append(f"{row.id} and {before.id} are of one double click")
            latest[wish] = row
        return lies

    def _lies_about_absences(self, rows: Sequence[Row]) -> list[str]:
        """Nothing is sent for a server that removed the bot some time ago."""
        if self._world.scenario.skews:
            return []
        return [
            f"{row.id} was sent though its server had removed the bot"
            for row in rows
            for guild, since, until in self._world.discord.absences
            if guild == row.guild
            and row.asked_for is not None
            and since + NOTICED_SECONDS < (row.asked_for - BEGIN).total_seconds() < until
        ]

    def _lies_about_forgetting(
        self, rows: Sequence[Row], forgotten: Sequence[tuple[int, float]]
    ) -> list[str]:
        """Everything is forgotten that was asked for before its member wanted that."""
        return [
            f"{row.id} is not forgotten"
            for row in rows
            for user, at in forgotten
            if row.user == user and not row.erased and (row.created - BEGIN).total_seconds() < at - MINUTE
        ]

    def _lies_about_previews(self) -> list[str]:
        """What a moderator saw before is saved once, however often they click."""
        query = (
            "SELECT reason, count(*) FROM audit WHERE reason LIKE 'preview %' GROUP BY 1 HAVING count(*) > 1"
        )
        return [f"{reason} was saved {times} times" for reason, times in self._world.books.execute(query)]

    def _is_place(self, row: Row, message: Message) -> bool:
        return message.place in {None, row.thread, row.channel, thread_of(row.card)}

    def _is_card_open(self, row: Row) -> bool:
        discord = self._world.discord
        state = WITHHELD if row.is_withheld else row.status
        is_seen = any(card.said != state for card in discord.of(row.id, Kind.CARD))
        return is_seen and row.id not in discord.unedited


def _is_lie(told: str, row: Row) -> bool:
    """Whether a sentence about counting isn't true of what the limits count."""
    if any(words in told for words in UNSURE):
        return False
    return (COUNTED in told and bool(row.free)) or (FREE in told and not row.free)
