"""The result of a check, and checks that are bounded in time and never raise."""

import asyncio
from collections.abc import Awaitable
from dataclasses import dataclass

import structlog

from bot.i18n import N_, _

log: structlog.stdlib.BoundLogger = structlog.get_logger(__name__)

CHECK_PATIENCE = 10.0  # seconds that one check may take

TELL_OPERATOR = N_("Tell the people who run the bot.")
IF_IT_STAYS_SO = N_("Tell the people who run the bot if this continues.")


@dataclass(frozen=True, slots=True)
class CheckResult:
    """One line of the list.

    Attributes:
        advice: what the reader does about it; empty where nothing is to be done.
        remedy: what the people who run the bot do about it, where that is something else.
        is_warning: with `is_good` False: the bot works all the same.
    """

    is_good: bool
    what: str
    advice: str = ""
    remedy: str = ""
    is_warning: bool = False


async def bounded(what: str, check: Awaitable[CheckResult], patience: float = CHECK_PATIENCE) -> CheckResult:
    """Return what `check` finds; one that fails or takes `patience` seconds is a bad finding about `what`."""

    async def alone() -> list[CheckResult]:
        return [await check]

    return (await bounded_all(what, alone(), patience))[0]


async def bounded_all(
    what: str, check: Awaitable[list[CheckResult]], patience: float = CHECK_PATIENCE
) -> list[CheckResult]:
    """Return what `check` finds, as `bounded` does for a check with one finding."""
    try:
        async with asyncio.timeout(patience):
            return await check
    except TimeoutError:
        late = CheckResult(
            is_good=False,
            what=_("{what}: no answer in time.", what=what),
            advice=_("Try again in a minute.") + " " + _(IF_IT_STAYS_SO),
            remedy="Try again in a minute. If this continues, check that part and the network to it.",
        )
        return [late]
    except Exception as error:
        # A part that is broken in an unknown way must not hide what is found about the others.
        log.error("a check failed", check=what, exc_info=error)
        failed = CheckResult(
            is_good=False,
            what=_("{what}: the check failed.", what=what),
            advice=_(TELL_OPERATOR),
            remedy="See the log for the traceback.",
        )
        return [failed]
