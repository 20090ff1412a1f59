"""Finding out what became of a create call whose answer was lost, by our own ID of it."""

from dataclasses import dataclass
from datetime import datetime

from bot.db.models import Generation
from bot.jobs.steps.ledger_search import Found, LedgerSearch
from bot.provider.client import VeoClient


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
