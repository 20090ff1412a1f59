"""`veo-bot film`, before it asks: which shots there are from earlier runs, and which are to be paid for."""

from collections.abc import Container, Generator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from bot.cli.desk import Desk, open_desk
from bot.cli.desk_errors import GenerateError
from bot.cli.film_plan import PlannedShot
from bot.cli.film_shots import ShotFolder, ShotRecord, cost_line
from bot.cli.patient_console import stopped_by_signals
from bot.cli.provider_words import advised, price_line, sentence
from bot.cli.video import NAME
from bot.db.film_models import Transition
from bot.films.script import MAX_SHOTS
from bot.provider.errors import UnknownTaskError, VeoError
from bot.provider.models import TaskState
from bot.provider_settings import ProviderSettings

AGAIN = "run the same command again."


@dataclass(frozen=True, slots=True)
class Film:
    """A film to make, and its place."""

    shots: Sequence[PlannedShot]
    output: Path
    transition: Transition = Transition.CUT  # nothing that is paid for, so each run may say another one

    @property
    def folder(self) -> ShotFolder:
        """The folder of its shots until it's whole."""
        return ShotFolder(self.output.with_name(f"{self.output.name}.shots"))

    @property
    def records(self) -> list[ShotRecord | None]:
        """The records of its shots.

        Raises:
            GenerateError: one can't be read.
        """
        return [self.folder.read(number) for number in range(1, len(self.shots) + 1)]

    def has(self, number: int, record: ShotRecord) -> bool:
        """Whether a shot of this number is this film's, whatever it begins with."""
        return number <= len(self.shots) and record.wish == self.shots[number - 1].wish

    def is_outdated(self, number: int, record: ShotRecord) -> bool:
        """Whether a shot is known to begin with the end of another video than is there now."""
        return record.before is not None and record.before != self.before(number)

    def before(self, number: int) -> str:
        """Return the request of the shot with whose last frame this one begins; empty: it doesn't, or none.

        Raises:
            GenerateError: it can't be read.
        """
        earlier = self.folder.read(number - 1) if self.shots[number - 1].awaits else None
        return earlier.request_id if earlier else ""


def film_at(shots: Sequence[PlannedShot], output: Path, transition: Transition = Transition.CUT) -> Film:
    """Return a film that is to be made at `output`, or in that folder.

    Raises:
        GenerateError: what is there can't be looked at. Nothing was requested.
    """
    with _looking_at(output):
        return Film(shots, output / NAME if output.is_dir() else output, transition)


@contextmanager
def _looking_at(path: Path) -> Generator[None]:
    try:
        yield
    except OSError as error:  # a folder that's somebody else's, or a name that's too long
        raise GenerateError(f"I can't use {path}: {error.strerror}. Nothing was requested.") from error


def end_of_earlier_run(film: Film) -> str | None:
    """Delete the shots of a run that ended when its film was in its place; return what to say of this film.

    None: there is no such film, or it was made from something else.

    Raises:
        GenerateError: a shot's record can't be read.
    """
    if not film.folder.is_of(film.output, film.transition):
        return None
    records = [record for number, record in enumerate(film.records, 1) if record and film.has(number, record)]
    others = [film.folder.read(number) for number in range(len(film.shots) + 1, MAX_SHOTS + 1)]
    is_this = len(records) == len(film.shots) and all(other is None or other.is_failed for other in others)
    film.folder.clear()
    return f"An earlier run has finished {film.output}. {cost_line(records)}" if is_this else None


async def survey_in_terminal(settings: ProviderSettings, film: Film) -> bool:
    """Say what the film will cost; return whether anything is left to pay.

    Raises:
        GenerateError: it can't be made like this. Nothing was requested.
    """
    with _looking_at(film.output):
        if film.output.exists():
            raise GenerateError(f"{film.output} already exists. Nothing was requested.")
    async with open_desk(settings, AGAIN) as desk:
        with stopped_by_signals():
            unpaid = await _unpaid(desk, film)
            if count := len(film.shots) - len(unpaid):
                desk.say(f"{count} of {len(film.shots)} shots were requested earlier.")
            if unpaid:
                prices = [await desk.price_of(film.shots[number - 1].video) for number in unpaid]
                known = [price for price in prices if price is not None]
                total = sum(known) if len(known) == len(prices) else None
                desk.say(price_line(total, f" for {len(unpaid)} shot{'s' if len(unpaid) > 1 else ''}"))
    return bool(unpaid)


async def _unpaid(desk: Desk, film: Film) -> list[int]:
    """Return the shots that are to be requested, for the first time or once more."""
    unpaid: list[int] = []
    for number in range(1, MAX_SHOTS + 1):
        if await _is_unpaid(desk, film, number, unpaid):
            unpaid.append(number)
    return unpaid


async def _is_unpaid(desk: Desk, film: Film, number: int, unpaid: Container[int]) -> bool:
    """Whether a shot is to be requested; `unpaid`: the shots before that are."""
    record = film.folder.read(number)
    if record is None or (record.is_failed and await _stays_failed(desk, record)):
        return number <= len(film.shots)
    if not film.has(number, record):
        raise GenerateError(
            f"{film.folder.path(number)} is of a shot that this film doesn't have. Nothing was requested. "
            "Use another --output, or delete that file to give up the shot. It may have been charged."
        )
    # An older version noted no start. Taken for what is there now, it's seen once that is made again.
    before = film.before(number) if record.before is None else record.before
    film.folder.update(number, is_failed=False, before=before)
    is_outdated = film.shots[number - 1].awaits and (number - 1 in unpaid or film.is_outdated(number, record))
    if is_outdated:
        earlier = f"begins with the end of an earlier shot {number - 1}"
        desk.say(f"Shot {number} {earlier}, so it's made again. You'll pay for it again.")
    return is_outdated


async def _stays_failed(desk: Desk, record: ShotRecord) -> bool:
    """Ask once more about a shot of which there was no video: it may have come late."""
    if record.task_id is None:  # it wasn't accepted
        return True
    try:
        return (await desk.veo.retrieve(record.task_id)).state is TaskState.FAILED
    except UnknownTaskError:  # the provider forgets what is old
        return True
    except VeoError as error:
        raise GenerateError(
            f"I can't ask for {record.task_id}: {sentence(advised(error))} Nothing was requested."
        ) from error
