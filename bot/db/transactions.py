"""Group commit: transactions that wait for the same lock run one after the other and are committed together.

A commit costs the same for one transaction as for fifty. While one is under way, those that come in wait;
the next commit takes them all. Each is answered only once its commit is on disk.
"""

import asyncio
from collections import deque
from collections.abc import Awaitable, Callable, Hashable, Sequence
from contextvars import Context, copy_context
from dataclasses import dataclass, field
from typing import Any, TypeVar

import structlog
from sqlalchemy import Connection
from sqlalchemy.exc import DBAPIError
from sqlalchemy.orm import Session
from sqlalchemy.orm.session import JoinTransactionMode

Result = TypeVar("Result")
Work = Callable[[Session], Result]  # a plain function: it runs whole on the database's thread

MAX_BATCH = 50  # transactions in one commit: more would let the first of them wait for the last
MAX_BACKGROUND = 10  # of them, transactions that nobody waits for, while somebody waits for others

log: structlog.stdlib.BoundLogger = structlog.get_logger(__name__)


class NotBegunError(Exception):
    """The transaction could not begin before its deadline; nothing was done."""


class UnusableError(Exception):
    """The database is not made for this, or damaged; `str()` is a sentence for the operator."""


class InDoubtError(Exception):
    """The connection was lost during a commit; `str()` is the reason."""


@dataclass(frozen=True, slots=True)
class Outcome:
    """The end of one transaction of a batch: its result, or the error that rolled it back."""

    value: Any = None
    error: Exception | None = None


@dataclass(eq=False, slots=True)
class Transaction:
    """One piece of work on its way to the database.

    Attributes:
        context: the caller's: what is logged or translated within the work is the caller's.
        deadline: until when it has to begin, in the event loop's time; None: however long it takes.
    """

    work: Work[Any]
    deadline: float | None
    context: Context = field(default_factory=copy_context)
    outcome: asyncio.Future[Any] = field(default_factory=lambda: asyncio.get_running_loop().create_future())
    has_begun: bool = False

    def run(self, session: Session) -> Any:
        """Do the work, and write all of it that the session still holds."""
        value = self.context.run(self.work, session)
        session.commit()
        return value

    def is_late(self, now: float) -> bool:
        """Whether its deadline is over."""
        return self.deadline is not None and self.deadline <= now

    def settle(self, outcome: Outcome) -> None:
        """Tell the caller, who waits."""
        if outcome.error is not None:
            self.outcome.set_exception(outcome.error)
        else:
            self.outcome.set_result(outcome.value)


def run_batch(connection: Connection, batch: Sequence[Transaction]) -> list[Outcome]:
    """Run transactions in the open one, in this order; one that fails is rolled back alone."""
    if len(batch) == 1:
        with Session(connection, expire_on_commit=False) as session:
            return [Outcome(batch[0].run(session))]
    return [_run_in_savepoint(connection, transaction) for transaction in batch]


def _run_in_savepoint(connection: Connection, transaction: Transaction) -> Outcome:
    mode: JoinTransactionMode = "create_savepoint"
    try:
        with Session(connection, expire_on_commit=False, join_transaction_mode=mode) as session:
            return Outcome(transaction.run(session))
    except Exception as error:  # noqa: BLE001 it is raised where it is waited for
        if _is_over(connection):
            raise _first(error) from None
        return Outcome(error=error)


def _is_over(connection: Connection) -> bool:
    """Whether the whole batch has ended: SQLite undoes all of it when the disk is full."""
    if connection.invalidated:
        return True
    return not getattr(connection.connection.driver_connection, "in_transaction", True)


def _first(error: BaseException) -> BaseException:
    """Return what the database said first: SQLAlchemy tries to undo what is undone, which fails as well."""
    before = error.__context__
    return _first(before) if isinstance(before, DBAPIError) else error


class Lane:
    """Transactions that may not be open at the same time, in the order in which they came."""

    def __init__(self) -> None:
        self._urgent: deque[Transaction] = deque()
        self._background: deque[Transaction] = deque()

    def add(self, transaction: Transaction, *, is_urgent: bool) -> None:
        """Let a transaction wait for the next commit."""
        (self._urgent if is_urgent else self._background).append(transaction)

    def withdraw(self, transaction: Transaction) -> bool:
        """Take a transaction back, unless it has begun; return whether that was possible."""
        if transaction.has_begun:
            return False
        for waiting in (self._urgent, self._background):
            if transaction in waiting:
                waiting.remove(transaction)
        return True

    def take_batch(self) -> list[Transaction]:
        """Return what is to be committed next: what people wait for goes first."""
        batch = [self._urgent.popleft() for _ in range(min(MAX_BATCH, len(self._urgent)))]
        room = MAX_BACKGROUND if batch else MAX_BATCH
        batch += [self._background.popleft() for _ in range(min(room, len(self._background)))]
        for transaction in batch:
            transaction.has_begun = True
        return batch

    def put_back(self, batch: Sequence[Transaction], error: Exception) -> None:
        """Let what could not begin wait on, but for what is late by now."""
        now = asyncio.get_running_loop().time()
        for transaction in reversed(batch):
            if transaction.is_late(now):
                transaction.settle(Outcome(error=error))
            else:
                transaction.has_begun = False
                self._urgent.appendleft(transaction)


Commit = Callable[[int | None, Sequence[Transaction]], Awaitable[Sequence[Outcome]]]


class GroupCommit:
    """Collects transactions and commits them together, one batch at a time in each lane.

    Args:
        commit: runs a batch in one transaction under a lock, and returns its outcomes once they are on disk.
            It raises what befell the whole batch; `NotBegunError` before its first deadline is over.
    """

    def __init__(self, commit: Commit) -> None:
        self._commit = commit
        self._lanes: dict[Hashable, Lane] = {}
        self._tasks: set[asyncio.Task[None]] = set()

    async def run(
        self, work: Work[Result], key: Hashable, lock: int | None, *, deadline: float | None, is_urgent: bool
    ) -> Result:
        """Run `work` in a transaction; `key`: of the lane, where one batch at a time is open.

        Raises:
            NotBegunError: the deadline came first.
        """
        transaction = Transaction(work, deadline)
        lane = self._lanes.get(key)
        if lane is None:
            lane = self._lanes[key] = Lane()
            task = asyncio.create_task(self._serve(key, lane, lock), name=f"commit {key}")
            self._tasks.add(task)
            task.add_done_callback(self._tasks.discard)
        lane.add(transaction, is_urgent=is_urgent)
        await _wait(lane, transaction)
        return transaction.outcome.result()

    async def close(self) -> None:
        """Return when everything that was begun has ended."""
        while self._tasks:
            await asyncio.wait(self._tasks)

    async def _serve(self, key: Hashable, lane: Lane, lock: int | None) -> None:
        while batch := lane.take_batch():
            try:
                outcomes = await self._commit(lock, batch)
            except NotBegunError as error:
                lane.put_back(batch, error)
            except Exception as error:  # noqa: BLE001 it is raised where each of them is waited for
                _settle(batch, [Outcome(error=error)] * len(batch))
            except asyncio.CancelledError:
                # Only a loop that is closed by force does that; its waiters must not hang.
                _settle(batch, [Outcome(error=InDoubtError("the program was ended"))] * len(batch))
                raise
            else:
                _settle(batch, outcomes)
        del self._lanes[key]


def _settle(batch: Sequence[Transaction], outcomes: Sequence[Outcome]) -> None:
    for transaction, outcome in zip(batch, outcomes, strict=True):
        transaction.settle(outcome)


async def _wait(lane: Lane, transaction: Transaction) -> None:
    """Return once there is an outcome: what has begun is always waited for, since it may stand.

    Raises:
        NotBegunError: the deadline came first.
    """
    outcome, deadline = transaction.outcome, transaction.deadline
    patience = None if deadline is None else deadline - asyncio.get_running_loop().time()
    try:
        await asyncio.wait({outcome}, timeout=patience)
        if not outcome.done() and lane.withdraw(transaction):
            raise NotBegunError
        await asyncio.wait({outcome})
    except asyncio.CancelledError:
        if not lane.withdraw(transaction):
            await asyncio.wait({outcome})
            if error := outcome.exception():
                log.error("a change was not written, and its caller is gone", error=str(error))
        raise
