"""The folder beside a film that isn't whole yet: its shots, and what was requested and paid for."""

from contextlib import suppress
from datetime import datetime
from pathlib import Path

from pydantic import AwareDatetime, BaseModel, ConfigDict, ValidationError

from bot.cli.desk import GenerateError
from bot.db.backup import sync_to_disk
from bot.media.files import PART_SUFFIX


class ShotRecord(BaseModel):
    """What is known of a shot that was requested.

    Attributes:
        wish: what it's made from (`PlannedShot.wish`).
        request_id: our name for the create call, which was sent after this was on disk.
        task_id: the provider's name; None: its answer wasn't noted.
        is_failed: the provider made no video of it.
        cost: credits; None: not known.
        lost: credits for the failed tries before; None: not all are known.
    """

    model_config = ConfigDict(frozen=True)

    wish: str
    request_id: str
    sent_at: AwareDatetime
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
            raise GenerateError(f"{path} is damaged. Delete it to request that shot, maybe twice.") from error

    def create(self, number: int, wish: str, request: tuple[str, datetime], lost: float | None) -> None:
        """Note that a shot is about to be requested, in place of a try that failed.

        Raises:
            GenerateError: it can't be written.
        """
        record = ShotRecord(wish=wish, request_id=request[0], sent_at=request[1], lost=lost)
        self._write(number, record)

    def note(self, number: int, **values: object) -> None:
        """Note what became of a shot.

        Raises:
            GenerateError: it can't be written.
        """
        record = self.read(number)
        if record is not None and (noted := record.model_copy(update=values)) != record:
            self._write(number, noted)

    def take_back(self, number: int) -> None:
        """Note that a shot wasn't accepted: it's forgotten, but for what failed tries before cost.

        Raises:
            GenerateError: it can't be written.
            OSError: it can't be deleted.
        """
        record = self.read(number)
        if record is None or record.lost == 0:
            self.path(number).unlink(missing_ok=True)
        else:
            self.note(number, task_id=None, is_failed=True, cost=0)

    def has_any(self) -> bool:
        """Whether a shot was requested."""
        return any(self.folder.glob("shot-*.json"))

    def _write(self, number: int, record: ShotRecord) -> None:
        path = self.path(number)
        part = path.with_suffix(PART_SUFFIX)
        try:
            part.write_text(record.model_dump_json(), encoding="utf-8")
            sync_to_disk(part)
            part.replace(path)
            sync_to_disk(self.folder)
        except OSError as error:
            with suppress(OSError):
                part.unlink(missing_ok=True)
            raise GenerateError(f"I can't write {path}: {error.strerror}.") from error
