"""A gateway and three workers, each a process of its own, on one PostgreSQL."""

import asyncio
from collections.abc import AsyncGenerator, Mapping, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from pathlib import Path

import pytest
from sqlalchemy import select

from bot.db.database import Database, open_database
from bot.db.models import Generation, Status
from sandbox.world import wait_until
from tests.postgres import Postgres
from tests.process.scene import FAILING_REQUEST, LEASE_SECONDS, REQUEST, Scene, open_scene
from tests.wire_discord.program import Program

MEMBERS = range(101, 111)
REQUESTS_EACH = 4
WORKERS = 3
MAX_RUNNING = 12


def settings_of(role: str, url: str, folder: Path) -> Mapping[str, object]:
    """Return the settings of a process on a host of its own: nothing is shared but the database."""
    return {
        "role": role,
        "database_url": url,
        "data_dir": folder / "data",
        "max_running": MAX_RUNNING,
        "lease_seconds": LEASE_SECONDS,
        "log_format": "json",
    }


class Hosts:
    """The running processes."""

    def __init__(self, gateway: Program, workers: Sequence[Program], database: Database) -> None:
        self.gateway = gateway
        self.workers = workers
        self._database = database

    async def rows(self) -> list[Generation]:
        """Return all generations."""
        return await self._database.read(
            lambda session: list((session.scalars(select(Generation).order_by(Generation.created_at))).all())
        )

    async def settled(self, count: int, seconds: float = 90) -> list[Generation]:
        """Return the rows once so many are delivered."""

        async def look() -> list[Generation] | None:
            rows = await self.rows()
            return rows if sum(row.delivered_at is not None for row in rows) >= count else None

        return await wait_until(look, seconds=seconds)

    async def busiest(self, running: int) -> tuple[Program, set[str]]:
        """Return the worker that carries most of what is being made, once so much is; and what it carries.

        Nothing is being sent then: what is noted as sent when its worker is killed, and wasn't, ends unpaid.
        """

        async def look() -> list[str] | None:
            rows = await self.rows()
            names = [row.id for row in rows if row.status is Status.RUNNING]
            is_sending = any(row.status is Status.SUBMITTING for row in rows)
            return names if len(names) >= running and not is_sending else None

        names = await wait_until(look, seconds=120)
        carried = {
            worker: {name for name in names if name in "".join(worker.lines)} for worker in self.workers
        }
        worker = max(carried, key=lambda one: len(carried[one]))
        return worker, carried[worker]


@asynccontextmanager
async def open_hosts(scene: Scene, url: str) -> AsyncGenerator[Hosts]:
    """Start a gateway and the workers, each in a folder of its own."""
    async with AsyncExitStack() as stack:
        database = await stack.enter_async_context(open_database(url))

        async def start(role: str, name: str) -> Program:
            program = scene.start(settings=settings_of(role, url, scene.folder / name))
            await stack.enter_async_context(program)
            return program

        gateway = await start("gateway", "gateway")
        workers = [await start("worker", f"worker-{number}") for number in range(WORKERS)]
        await scene.wire.wait_for_sessions(1)
        await asyncio.gather(*(worker.wait_for_line('"ready"') for worker in workers))
        yield Hosts(gateway, workers, database)


@pytest.mark.timeout(180)
async def test_every_request_is_answered_and_paid_once_though_a_worker_is_killed(
    tmp_path: Path, files: Path, postgres: Postgres
) -> None:
    with postgres.lend() as url:
        async with open_scene(tmp_path, files) as scene, open_hosts(scene, url) as hosts:
            scene.provider.hold = True
            interactions = [
                await scene.ask(FAILING_REQUEST if number == 3 else REQUEST, member)
                for member in MEMBERS
                for number in range(REQUESTS_EACH)
            ]
            await asyncio.gather(*(interaction.answered(30) for interaction in interactions))
            victim, orphans = await hosts.busiest(MAX_RUNNING // 2)
            assert orphans, "it was not killed in the middle of its work"
            await victim.kill()
            scene.provider.release()
            rows = await hosts.settled(len(interactions))
            survivors = [worker for worker in hosts.workers if worker is not victim]
            for program in [hosts.gateway, *survivors]:
                assert await program.stop() == 0, program.output

        assert len(rows) == len(interactions), "a request was recorded twice, or lost"
        for row in rows:
            assert row.status in {Status.SUCCEEDED, Status.FAILED}
            assert scene.create_calls(row.id) == 1, f"{row.id} was not sent to the provider just once"
            assert len(scene.results(row.id)) == 1, f"{row.id} was posted more than once"
        assert sum(row.status is Status.SUCCEEDED for row in rows) == 3 * len(MEMBERS)
        logs = {worker: "".join(worker.lines) for worker in survivors}
        assert all(any(name in log for log in logs.values()) for name in orphans), "nobody took it over"
        assert not any('"step done"' in line for line in hosts.gateway.lines), "the gateway makes no videos"
        assert "Traceback" not in "".join(program.output for program in [hosts.gateway, *survivors])
