"""What is repeated until the program stops goes on whatever happens to it."""

import asyncio

import pytest

from bot.errors import DatabaseBusyError
from bot.signals import StoppingError, run_every
from tests.bot.troubles import Logs

EVENT = "the job cannot be done"


@pytest.mark.parametrize(
    ("error", "has_traceback"), [(DatabaseBusyError("full"), False), (KeyError("x"), True)]
)
async def test_an_error_is_logged_and_the_job_is_done_again(
    logs: Logs, error: Exception, *, has_traceback: bool
) -> None:
    stopping, turns = asyncio.Event(), 0

    async def job() -> None:
        nonlocal turns
        turns += 1
        if turns == 1:
            raise error
        stopping.set()

    await run_every(0.001, stopping, job, failed=EVENT)
    assert turns == 2, "it was not done again"
    (line,) = [line for line in logs if line["event"] == EVENT]
    assert line.get("exc_info", False) is has_traceback


async def test_a_job_that_finds_the_program_stopping_ends_it() -> None:
    async def job() -> None:
        raise StoppingError

    await asyncio.wait_for(run_every(60, asyncio.Event(), job, failed=EVENT), 5)
