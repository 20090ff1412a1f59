"""A short chaos run; `make chaos` plays the long one, another each time."""

from pathlib import Path

import pytest

from tests.process.chaos import run_chaos


@pytest.mark.nightly
@pytest.mark.timeout(300)
async def test_every_promise_is_kept_while_everything_fails_now_and_then(tmp_path: Path) -> None:
    report = await run_chaos(generations=40, kills=2, share=0.1, seed=1, folder=tmp_path)
    assert not report.broken, f"{report.table()}\n" + "\n".join(report.broken)
    assert report.kills == 2
    assert report.provider_faults, "nothing went wrong at the provider, so nothing is shown"
    assert report.discord_faults, "nothing went wrong at Discord, so nothing is shown"
