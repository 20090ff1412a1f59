"""The provider's present refusal, written down for other processes: for alerts and both doctors."""

import structlog
from pydantic import TypeAdapter, ValidationError
from sqlalchemy import delete
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.orm import Session

from bot.clock import Clock, utc_now
from bot.db.database import Database
from bot.db.locks import Lock
from bot.db.models import StateRow
from bot.db.state import get_state
from bot.errors import DatabaseBusyError
from bot.jobs.closures import ProviderPause

NAME = "refused"
_PAUSE = TypeAdapter(ProviderPause)

log: structlog.stdlib.BoundLogger = structlog.get_logger(__name__)


async def fetch_pause(database: Database) -> ProviderPause | None:
    """Return what is refused at present; None: nothing.

    Raises:
        DatabaseBusyError: it cannot be read now.
    """
    text = await get_state(database, NAME)
    if text is None:
        return None
    try:
        return _PAUSE.validate_json(text)
    except ValidationError:
        log.error("could not read a stored pause")
        return None


async def keep_pause(database: Database, pause: ProviderPause | None) -> None:
    """Write down what is refused; None: nothing any more.

    Raises:
        DatabaseBusyError: it cannot be written now.
    """

    def store(session: Session) -> None:
        if pause is None:
            session.execute(delete(StateRow).where(StateRow.name == NAME))
        else:
            session.merge(StateRow(name=NAME, value=_PAUSE.dump_json(pause).decode()))

    await database.write(store, Lock.STATE)


class UnknownModels:
    """The models whose requests the provider refuses as those of unknown ones, whatever its list says."""

    def __init__(self, database: Database, clock: Clock = utc_now) -> None:
        self._database = database
        self._clock = clock
        self._latest = frozenset[str]()

    async def fetch(self) -> frozenset[str]:
        """Return their names at the provider; if that can't be read, as they were at the last look."""
        try:
            pause = await fetch_pause(self._database)
        except (DatabaseBusyError, SQLAlchemyError) as error:
            log.warning("could not read which models are refused", reason=str(error))
        else:
            self._latest = pause.unknown_models(self._clock()) if pause else frozenset[str]()
        return self._latest
