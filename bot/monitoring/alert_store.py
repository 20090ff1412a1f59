"""The store of alerts, kept over restarts and shared by all processes on the database."""

from collections.abc import Mapping

import structlog
from pydantic import TypeAdapter, ValidationError
from sqlalchemy import delete, select
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.orm import Session

from bot.db.database import Database
from bot.db.locks import Lock
from bot.db.models import StateRow
from bot.errors import DatabaseBusyError
from bot.monitoring.alert_rules import AlertKey, AlertState, parse_key
from bot.outages import Outage

PREFIX = "alert:"
_STATE = TypeAdapter(AlertState)

log: structlog.stdlib.BoundLogger = structlog.get_logger(__name__)


class AlertStore:
    """Keeps the states in the database; while that does not work, in memory."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._states: dict[AlertKey, AlertState] = {}
        self._unsaved: set[AlertKey] = set()
        self._outage = Outage()

    async def read(self) -> Mapping[AlertKey, AlertState]:
        """Return all states, as far as they are known."""
        for key in list(self._unsaved):
            await self.write(key, self._states.get(key))
        try:
            kept = await self._fetch()
        except (DatabaseBusyError, SQLAlchemyError) as error:
            if (so_far := self._outage.failed(reason := str(error))) is not None:
                log.warning("could not read the alerts", reason=reason, **so_far)
            return dict(self._states)
        self._outage.worked()
        unsaved = {key: self._states[key] for key in self._unsaved if key in self._states}
        self._states = {**{k: state for k, state in kept.items() if k not in self._unsaved}, **unsaved}
        return dict(self._states)

    async def write(self, key: AlertKey, state: AlertState | None) -> None:
        """Keep a state; None: forget it."""
        if state is None:
            self._states.pop(key, None)
        else:
            self._states[key] = state
        try:
            await self._store(key, state)
        except DatabaseBusyError:
            self._unsaved.add(key)
        else:
            self._unsaved.discard(key)

    async def _fetch(self) -> dict[AlertKey, AlertState]:
        def look(session: Session) -> dict[AlertKey, AlertState]:
            found: dict[AlertKey, AlertState] = {}
            for row in session.scalars(select(StateRow).where(StateRow.name.startswith(PREFIX))):
                key, state = parse_key(row.name.removeprefix(PREFIX)), _state_of(row)
                if key is not None and state is not None:
                    found[key] = state
            return found

        return await self._database.read(look)

    async def _store(self, key: AlertKey, state: AlertState | None) -> None:
        name = f"{PREFIX}{key}"

        def store(session: Session) -> None:
            if state is None:
                session.execute(delete(StateRow).where(StateRow.name == name))
            else:
                session.merge(StateRow(name=name, value=_STATE.dump_json(state).decode()))

        await self._database.write(store, Lock.STATE)


def fetch_alert(session: Session, key: AlertKey) -> AlertState | None:
    """Return an alert that holds, as it was last found by any process; None: it doesn't hold."""
    row = session.get(StateRow, f"{PREFIX}{key}")
    state = None if row is None else _state_of(row)
    return state if state is not None and state.is_active else None


def _state_of(row: StateRow) -> AlertState | None:
    try:
        return _STATE.validate_json(row.value)
    except ValidationError:
        log.error("could not read a stored alert", note=row.name)
        return None
