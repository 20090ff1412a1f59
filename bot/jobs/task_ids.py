"""The provider's ids: each is of one generation, or one member would get another one's video."""

from sqlalchemy import select
from sqlalchemy.orm import Session

from bot.db.locks import Lock, hold
from bot.db.models import Generation


class TaskTakenError(Exception):
    """Another generation has the provider's id already."""


def ensure_free(session: Session, generation_id: str, task_id: object) -> None:
    """Check that a generation may have the provider's id, which is to be written in the same transaction.

    None is everybody's.

    Raises:
        TaskTakenError: another one has it.
    """
    if task_id is None:
        return
    hold(session, Lock.TASKS)
    others = select(Generation.id).where(Generation.provider_id == task_id, Generation.id != generation_id)
    if session.scalar(others.limit(1)) is not None:
        raise TaskTakenError
