"""The folder beside a film that isn't whole yet: its shots, and what was requested and paid for."""

import shutil
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path

from pydantic import AwareDatetime, BaseModel, ConfigDict, ValidationError

from bot.cli.desk_errors import GenerateError
from bot.db.backup import sync_to_disk
from bot.media.files import PART_SUFFIX, WORK_PREFIX
from bot.money import usd

JOINED = "joined"  # the file that says which film was made of all shots
# What runs leave in the folder, even if they're killed. Whatever else is there is somebody's.
OURS = (
    *("veo-[1-8].mp4", "shot-[1-8].json", "film.mp4"),
    *(f"veo-[1-8]-????????{PART_SUFFIX}", f"veo-[1-8]{PART_SUFFIX}"),  # the second: an earlier version's
    *(f"shot-[1-8]{PART_SUFFIX}", f"film-????????{PART_SUFFIX}"),
    *(f"{JOINED}{PART_SUFFIX}", f"{WORK_PREFIX}????????"),
)


class ShotRecord(BaseModel):
    """The record of a shot that was requested.

    Attributes:
        wish: what it's made from (`PlannedShot.wish`).
        before: the request of the shot with whose last frame it begins; empty: it doesn't; None: not known.
        request_id: our name for the create call, which was sent after this was on disk.
        task_id: the provider's name; None: its answer wasn't recorded.
        is_failed: the provider made no video of it.
        cost: credits; None: not known.
        lost: credits for the tries before, which failed or are of no use; None: not all are known.
    """

    model_config = ConfigDict(frozen=True)

    wish: str
    request_id: str
    sent_at: AwareDatetime
    before: str | None = None
    task_id: str | None = None
    is_failed: bool = False
    cost: float | None = None
    lost: float | None = 0

    @property
    def spent(self) -> float | None:
        """Credits for all its tries; None: not all are known."""
        return None if self.cost is None or self.lost is None else self.cost + self.lost


class ShotFolder:
    """Keeps one file for each shot; what is written is on disk before anything follows from it."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def path(self, number: int) -> Path:
        """Return where a shot's record is, or would be."""
        return self.folder / f"shot-{number}.json"

    def read(self, number: int) -> ShotRecord | None:
        """Return a shot's record; None: it wasn't requested.

        Raises:
            GenerateError: it can't be read.
        """
        path = self.path(number)
        try:
            return ShotRecord.model_validate_json(path.read_bytes())
        except FileNotFoundError:
            return None
        except OSError as error:
            raise GenerateError(f"I can't read {path}: {error.strerror}.") from error
        except ValidationError as error:
            raise GenerateError(
                f"{path} is damaged. Delete it to request that shot again; it may then be paid for twice."
            ) from error

    def update(self, number: int, **values: object) -> None:
        """Record what became of a shot.

        Raises:
            GenerateError: it can't be written.
        """
        record = self.read(number)
        if record is not None and (updated := record.model_copy(update=values)) != record:
            self.write(number, updated)

    def take_back(self, number: int) -> None:
        """Record that a shot wasn't accepted: it's forgotten, but for what failed tries before cost.

        Raises:
            GenerateError: it can't be written.
            OSError: it can't be deleted.
        """
        record = self.read(number)
        if record is None or record.lost == 0:
            self.path(number).unlink(missing_ok=True)
        else:
            self.update(number, task_id=None, is_failed=True, cost=0)

    def has_any(self) -> bool:
        """Whether a shot was requested."""
        return any(self.folder.glob("shot-*.json"))

    def write(self, number: int, record: ShotRecord) -> None:
        """Record a shot, in place of what was known of it.

        Raises:
            GenerateError: it can't be written.
        """
        self._write(self.path(number), record.model_dump_json())

    def record_joined(self, film: Path, how: str) -> None:
        """Record which film was made of the shots, before it goes to its place.

        Raises:
            GenerateError: it can't be written.
            OSError: there is no film.
        """
        self._write(self.folder / JOINED, _mark_of(film, how))

    def is_of(self, film: Path, how: str) -> bool:
        """Whether a film was made of these shots in this way, and nobody has changed it since."""
        try:
            return (self.folder / JOINED).read_text(encoding="utf-8") == _mark_of(film, how)
        except (OSError, UnicodeDecodeError):
            return False

    def clear(self) -> None:
        """Delete what runs have left, since the film is in its place; the note of that goes last."""
        for path in (path for pattern in OURS for path in self.folder.glob(pattern)):
            if path.is_dir():
                shutil.rmtree(path, ignore_errors=True)
            with suppress(OSError):
                path.unlink()
        with suppress(OSError):
            (self.folder / JOINED).unlink()

    def _write(self, path: Path, text: str) -> None:
        part = path.with_suffix(PART_SUFFIX)
        try:
            part.write_text(text, encoding="utf-8")
            sync_to_disk(part)
            part.replace(path)
            sync_to_disk(self.folder)
        except OSError as error:
            with suppress(OSError):
                part.unlink(missing_ok=True)
            raise GenerateError(f"I can't write {path}: {error.strerror}.") from error


def cost_line(records: Sequence[ShotRecord]) -> str:
    """Say what a film's shots cost, as far as that is known."""
    unknown = sum(record.cost is None for record in records)
    spent = sum((record.cost or 0) + (record.lost or 0) for record in records)
    if not spent and unknown == len(records):
        return "I don't know what its shots cost."
    without = f", without {unknown} whose cost I don't know" if unknown else ""
    is_doubtful = any(record.lost is None for record in records)
    doubt = ", and I don't know whether an earlier try cost something" if is_doubtful else ""
    return f"Its shots cost ${usd(spent):,.2f}{without}{doubt}."


def _mark_of(film: Path, how: str) -> str:
    found = film.stat()
    return f"{found.st_size} {found.st_mtime_ns} {how}"
