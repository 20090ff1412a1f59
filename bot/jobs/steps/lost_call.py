"""Finding out what became of a create call whose answer was lost, by our own ID of it."""

from dataclasses import dataclass
from datetime import datetime

from bot.db.models import Generation
from bot.jobs.steps.ledger_search import Found, LedgerSearch
from bot.provider.client import VeoClient

LONGEST_NUMBER = 3  # digits


@dataclass(frozen=True, slots=True)
class CallRefused:
    """The provider's log shows that the call began nothing; `task_id`: under this ID, if it has one."""

    task_id: str | None


def call_name(generation: Generation) -> str:
    """Return our name of the latest create call; each has its own, so that the log tells them apart."""
    number = generation.submission
    return generation.id if number <= 1 else f"{generation.id}.{number}"


def sent_at(generation: Generation) -> datetime:
    """Return when the latest create call was made, as far as that is known."""
    return generation.submitted_at or generation.created_at


async def find_call(
    veo: VeoClient, generation: Generation, ledger_search: LedgerSearch | None = None
) -> Found | CallRefused | None:
    """Look for the call in the provider's log, then in its ledger; None: neither shows it (yet).

    Args:
        veo: the provider.
        generation: whose call it was.
        ledger_search: None: the ledger isn't searched.

    Raises:
        VeoError: the provider couldn't be asked.
        DatabaseBusyError: whose the charges in the ledger are can't be read.
    """
    entry = await veo.find(call_name(generation), sent_at(generation))
    if entry is None:
        return None if ledger_search is None else await ledger_search.find(generation)
    if entry.is_refused or entry.inference_id is None:
        return CallRefused(entry.inference_id)
    return Found(entry.inference_id, entry.cost)


async def find_unknown_call(veo: VeoClient, generation: Generation) -> tuple[int, Found] | None:
    """Look for a call that was accepted and of which the row doesn't know: its number, and what it began.

    A database that was put back from a backup has requests in its queue that were sent since. Their calls
    have the names that the next ones would have.

    Raises:
        VeoError: the provider couldn't be asked.
    """

    def is_later(name: str) -> bool:
        return (_number(generation, name) or 0) > generation.submission

    entry = await veo.find_accepted(is_later, generation.created_at)
    if entry is None or entry.inference_id is None:
        return None
    number = _number(generation, entry.client_request_id or "")
    return None if number is None else (number, Found(entry.inference_id, entry.cost))


def _number(generation: Generation, name: str) -> int | None:
    """Return the number of the create call that has this name; None: it's another request's."""
    own, dot, number = name.partition(".")
    if own != generation.id:
        return None
    if not dot:
        return 1
    return int(number) if number.isdecimal() and len(number) <= LONGEST_NUMBER else None
