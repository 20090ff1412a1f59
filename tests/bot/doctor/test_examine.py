"""`veo-bot doctor` finds what is really out of order, and touches nothing."""

import asyncio
import errno
import json
import os
import socket
import sqlite3
from collections.abc import Callable
from contextlib import closing
from datetime import UTC, datetime
from pathlib import Path

import pytest
from aiohttp import web
from aiohttp.test_utils import TestServer

from bot.cli.doctor import is_healthy, render_json, render_text, verdict_of
from bot.db.database import open_database
from bot.db.models import Status
from bot.doctor.check_result import CheckResult
from bot.doctor.examine import Section, examine
from bot.doctor.host_checks import check_folder
from bot.doctor.required_permissions import NEEDS, Need
from bot.jobs.closures import ProviderPause, RefusalScope, Way
from bot.jobs.pause_state import keep_pause
from bot.moderation.decisions import Decisions, Moderator
from bot.moderation.service import Moderation
from sandbox.odd_answers import Refusal
from sandbox.provider import Fault as ProviderFault
from sandbox.provider import Provider
from tests.bot.rows import insert
from tests.bot.troubles import LOSSES, every_damage, locked, lose
from tests.wire_discord import Fault, WireDiscord

ALL_NEEDED = sum(need.bit for need in NEEDS)
PATIENCE = 10.0
BOUND = 3.0  # for what hangs; enough for all others on a busy machine

pytestmark = pytest.mark.usefixtures("environment")


async def findings(patience: float = PATIENCE) -> list[CheckResult]:
    """Examine everything; whatever is not good must say what to do."""
    found = [finding for section in await examine(patience=patience) for finding in section.findings]
    assert [
        finding for finding in found if not finding.is_good and not (finding.remedy or finding.advice)
    ] == []
    return found


async def troubles(verdict: str = "bad", *, patience: float = PATIENCE) -> list[str]:
    """Return what is bad, or what is worth a warning."""
    return [finding.what for finding in await findings(patience) if verdict_of(finding) == verdict]


@pytest.fixture
def url(folder: Path) -> str:
    """The database's address."""
    return f"sqlite+aiosqlite:///{folder / 'data' / 'veo.db'}"


@pytest.fixture
async def made(url: str) -> str:
    """The address of a database that a bot has made; nobody holds it."""
    async with open_database(url):
        return url


def names_in(folder: Path) -> list[str]:
    return [path.name for path in folder.iterdir()]


def set_revision(url: str, revision: str) -> None:
    with closing(sqlite3.connect(url.removeprefix("sqlite+aiosqlite:///"))) as database, database:
        database.execute("UPDATE alembic_version SET version_num = ?", (revision,))


async def test_before_the_first_start_everything_is_good_and_nothing_is_made(
    folder: Path, provider: Provider, wire: WireDiscord
) -> None:
    sections = await examine()
    assert [finding.what for section in sections for finding in section.findings if not finding.is_good] == []
    assert is_healthy(sections)
    assert names_in(folder) == [], "the doctor made something"
    assert {call.kind for call in provider.calls} == {"billing", "models", "key"}, (
        "something else was asked for"
    )
    assert wire.gateway.sessions == {}, "a session was started"
    assert {request.method for request in wire.requests} == {"GET"}


async def test_a_bot_in_order_has_one_line_for_each_part(made: str, wire: WireDiscord) -> None:
    assert made
    sections = await examine()
    assert [section.name for section in sections] == [
        *("Settings", "Files", "ffmpeg", "Database", "Provider", "Discord", "Servers")
    ]
    text = render_text(sections).plain
    for words in (
        "All settings are valid.",
        "The bot can write to DATA_DIR (",
        "Only the bot's user can read DATA_DIR.",
        " works.",
        "The database matches this version (revision ",
        "Open requests: 0, 0 of them in progress.",
        "Its account has $100.00, enough for about 24 videos",
        f"Discord accepts the token: the bot is veo-bot ({wire.bot_id}).",
        "No privileged intents are turned on, and none are needed.",
        "1,000 of 1,000 session starts left",
        "The gateway answers.",
        f"Studio ({wire.guild.id}): the bot has all the permissions it needs.",
        "Check one with /veo-admin doctor in it.",
        "Everything works (",
    ):
        assert words in text, f"{words!r} is not in\n{text}"


async def test_all_wrong_settings_are_named_and_the_rest_is_checked(environment: pytest.MonkeyPatch) -> None:
    environment.delenv("AIMLAPI_KEY")
    environment.setenv("POLL_INTERVAL", "never")
    environment.setenv("MAX_RUNNING", "0")
    environment.setenv("DISCORD_API_BASE", "discord.com")
    bad, warnings = await troubles(), await troubles("warning")
    assert sorted(line.partition(":")[0] for line in bad) == [
        *("AIMLAPI_KEY", "DISCORD_API_BASE", "MAX_RUNNING", "POLL_INTERVAL")
    ]
    assert warnings == ["Not checked because a setting is missing or invalid."] * 2
    remedies = [finding.remedy for finding in await findings() if finding.what == warnings[0]]
    assert remedies == ["Set or correct AIMLAPI_KEY first.", "Set or correct DISCORD_API_BASE first."]
    assert any("ffmpeg" in finding.what and finding.is_good for finding in await findings())


async def test_no_secret_is_shown_wherever_it_stands(
    environment: pytest.MonkeyPatch, wire: WireDiscord, provider: Provider, capfd: pytest.CaptureFixture[str]
) -> None:
    secret = "sk-secret-4711"
    for name in ("AIMLAPI_KEY", "DISCORD_TOKEN", "POLL_INTERVAL", "AIMLAPI_BASE_URL"):
        environment.setenv(name, secret)
        sections = await examine()
        assert secret not in render_text(sections).plain + render_json(sections)
        assert wire.token not in render_text(sections).plain
        assert provider.key not in render_text(sections).plain
    shown = capfd.readouterr()
    assert secret not in shown.out + shown.err


async def test_secrets_that_others_can_read_are_worth_a_warning(folder: Path) -> None:
    (folder / ".env").write_text("LOG_LEVEL=INFO\n")
    (folder / ".env").chmod(0o644)
    assert await troubles("warning") == ["Other users of this machine can read .env, and it has the secrets."]
    (folder / ".env").chmod(0o600)
    assert await troubles("warning") == []


async def test_a_folder_that_others_can_read_is_worth_a_warning(made: str, folder: Path) -> None:
    assert made
    (folder / "data").chmod(0o755)
    [warning] = await troubles("warning")
    assert "Other users of this machine can read DATA_DIR" in warning
    assert "755" in warning


async def test_a_file_in_the_place_of_the_folder_is_bad(folder: Path) -> None:
    (folder / "data").write_text("a letter")
    bad = await troubles()
    assert any("is not a folder" in line for line in bad)


async def test_a_file_above_the_folder_is_bad(folder: Path, environment: pytest.MonkeyPatch) -> None:
    (folder / "file").write_text("a letter")
    environment.setenv("DATA_DIR", str(folder / "file" / "data"))
    assert any("/file is not a folder" in line for line in await troubles())


async def test_a_folder_that_cannot_be_looked_at_is_bad(environment: pytest.MonkeyPatch) -> None:
    environment.setenv("DATA_DIR", "x" * 300)
    assert any("can't be used: File name too long." in line for line in await troubles())


async def test_a_folder_that_is_a_link_to_nothing_is_bad(folder: Path) -> None:
    (folder / "data").symlink_to(folder / "gone")
    assert any("is a link to nothing" in line for line in await troubles())


async def test_a_folder_that_cannot_be_written_is_bad(environment: pytest.MonkeyPatch) -> None:
    environment.setenv("DATA_DIR", "/proc/self")  # nobody can make a file there, not even root
    assert any("DATA_DIR (/proc/self) can't be written" in line for line in await troubles())


@pytest.mark.parametrize(
    ("number", "remedy"),
    [(errno.EROFS, "Mount that disk"), (errno.ENOSPC, "Free up space."), (errno.EACCES, "It must belong")],
)
async def test_what_helps_a_folder_that_cannot_be_written_depends_on_why(
    environment: pytest.MonkeyPatch, folder: Path, number: int, remedy: str
) -> None:
    (folder / "data").mkdir(mode=0o700)

    def refuse(**_: object) -> None:
        raise OSError(number, os.strerror(number))

    environment.setattr("bot.doctor.host_checks.tempfile.NamedTemporaryFile", refuse)
    (finding,) = [found for found in check_folder(folder / "data") if "can't be written" in found.what]
    assert finding.remedy.startswith(remedy)


async def test_a_full_disk_is_bad(environment: pytest.MonkeyPatch, folder: Path) -> None:
    (folder / "data").mkdir(mode=0o700)
    for room, verdict in ((2**62, "bad"), (2**61, "warning")):
        environment.setattr("bot.doctor.host_checks.NO_ROOM", room if verdict == "bad" else 0)
        environment.setattr("bot.doctor.host_checks.LITTLE_ROOM", room)
        assert any("GiB free" in line for line in await troubles(verdict))


def crashing(folder: Path) -> str:
    path = folder / "ffmpeg"
    path.write_text("#!/bin/sh\necho 'I am broken' >&2\nexit 3\n")
    path.chmod(0o700)
    return str(path)


def missing(folder: Path) -> str:
    return str(folder / "nothing")


@pytest.mark.parametrize("make", [crashing, missing])
async def test_an_ffmpeg_that_does_not_work_is_bad(
    environment: pytest.MonkeyPatch, tmp_path: Path, make: Callable[[Path], str]
) -> None:
    environment.setenv("IMAGEIO_FFMPEG_EXE", make(tmp_path))
    [line] = await troubles()
    assert line.startswith("ffmpeg doesn't work: ")


async def test_an_older_database_is_left_as_it_is(made: str) -> None:
    set_revision(made, "0003")
    [warning] = await troubles("warning")
    assert warning.startswith(
        "The database is from an older version (revision 0003). The next start upgrades it to"
    )
    assert "0003" in (await troubles("warning"))[0], "the doctor brought it up to date"


async def test_a_newer_database_is_bad(made: str) -> None:
    set_revision(made, "9999")
    [line] = await troubles()
    assert line.startswith(
        "The database is from a newer version (revision 9999). This one knows revisions up to "
    )


async def test_another_programs_database_is_bad(folder: Path) -> None:
    (folder / "data").mkdir(mode=0o700)
    with closing(sqlite3.connect(folder / "data" / "veo.db")) as database, database:
        database.execute("CREATE TABLE songs (name TEXT)")
    assert await troubles() == ["The database belongs to another program."]


async def test_an_empty_file_is_as_good_as_none(folder: Path) -> None:
    (folder / "data").mkdir(mode=0o700)
    (folder / "data" / "veo.db").touch()
    assert await troubles() == []
    assert (folder / "data" / "veo.db").stat().st_size == 0


@every_damage
async def test_a_damaged_database_is_bad(made: str, harm: Callable[[Path], object]) -> None:
    harm(Path(made.removeprefix("sqlite+aiosqlite:///")))
    [trouble] = await troubles()
    assert trouble.startswith("The database is damaged: ")


@pytest.mark.parametrize("how", LOSSES)
async def test_a_database_that_is_gone_is_bad_and_its_log_is_left_alone(made: str, how: str) -> None:
    log = await lose(made, how)
    [trouble] = await troubles()
    assert trouble.startswith(f"The database is damaged: its file is {how}, but ")
    assert log.exists()


async def test_a_slip_in_a_settings_name_is_worth_a_warning(
    folder: Path, environment: pytest.MonkeyPatch
) -> None:
    (folder / ".env").write_text(
        "MAX_RUNING=3\nCOMPOSE_PROFILES=single\nPOSTGRES_PASSWORD=x\nTZ=UTC\nLEMON=1\n"
    )
    (folder / ".env").chmod(0o600)
    environment.setenv("POLL_INTERVALL", "3")
    environment.setenv("EDITOR", "vi")
    slips = [finding for finding in await findings() if finding.what.startswith("There's no setting")]
    assert [(finding.what.split()[3].rstrip(","), finding.remedy) for finding in slips] == [
        ("LEMON", "Remove it from .env, or look up its name in .env.example."),
        ("MAX_RUNING", "Did you mean MAX_RUNNING?"),
        ("POLL_INTERVALL", "Did you mean POLL_INTERVAL?"),
    ]


async def test_a_port_of_another_program_is_bad(environment: pytest.MonkeyPatch) -> None:
    with socket.create_server(("127.0.0.1", 0)) as other:
        environment.setenv("HTTP_PORT", str(other.getsockname()[1]))
        [trouble] = await troubles(patience=BOUND)
    assert trouble.startswith("The bot can't listen on 127.0.0.1 port ")


async def test_a_port_of_the_bot_itself_is_good(environment: pytest.MonkeyPatch) -> None:
    async def answer(_: web.Request) -> web.Response:
        return web.json_response({"status": "ok", "checks": {}})

    app = web.Application()
    app.add_routes([web.get("/healthz", answer)])
    async with TestServer(app) as server:
        port = server.make_url("/").port
        environment.setenv("HTTP_PORT", str(port))
        assert f"A bot is running on 127.0.0.1 port {port}." in [found.what for found in await findings()]


async def test_a_locked_database_is_bad_and_hides_nothing_else(made: str) -> None:
    async with locked(made):
        [line] = await troubles(patience=BOUND)
    assert line.startswith("The database")


async def test_requests_in_the_making_are_counted(made: str) -> None:
    async with open_database(made) as database:
        await insert(database, status=Status.RUNNING)
        await insert(database, status=Status.QUEUED)
        assert "Open requests: 2, 1 of them in progress." in [f.what for f in await findings()]


async def test_a_refused_key_is_bad_and_speaks_to_the_operator(provider: Provider) -> None:
    provider.faults.add("billing", ProviderFault.status(401), times=None)
    [finding] = [finding for finding in await findings() if not finding.is_good]
    assert finding.what == "The video service rejects the bot's key."
    assert finding.remedy.startswith("Check `AIMLAPI_KEY`")


async def test_a_refused_token_is_bad(environment: pytest.MonkeyPatch) -> None:
    environment.setenv("DISCORD_TOKEN", "another")
    assert await troubles() == ["Discord rejects the token."]


@pytest.mark.parametrize(
    ("route", "fault", "what"),
    [
        ("GET /users/@me", Fault.status(503, html=True), "Discord: it answered 503."),
        (
            "GET /users/@me",
            Fault.reset(),
            "Discord: it can't be reached: the other side closed the connection.",
        ),
        ("GET /applications/@me", Fault.status(429), "The application at Discord: it answered 429."),
        (
            "GET /gateway/bot",
            Fault.status(200, html=True),
            "The gateway's address: its answer is invalid.",
        ),
        ("GET /users/@me/guilds", Fault.status(500), "The bot's servers: it answered 500."),
        ("GET /users/@me/guilds", Fault.status(200), "The bot's servers: its answer is invalid."),
        ("GET /gateway", Fault.status(500), "The gateway: it can't be reached: it answered 500."),
    ],
)
async def test_a_discord_in_trouble_is_bad(wire: WireDiscord, route: str, fault: Fault, what: str) -> None:
    wire.faults.add(route, fault, times=None)
    assert await troubles() == [what]


async def test_a_discord_that_hangs_is_given_up(wire: WireDiscord) -> None:
    wire.faults.add("GET /gateway/bot", Fault.hang(), times=None)
    assert await troubles(patience=BOUND) == ["The gateway: no answer in time."]


async def test_commands_that_go_elsewhere_are_bad(wire: WireDiscord) -> None:
    wire.application["interactions_endpoint_url"] = "https://example.com/interactions"
    [line] = await troubles()
    assert "commands don't reach the bot" in line


async def test_needless_intents_are_worth_a_warning(wire: WireDiscord) -> None:
    wire.application["flags"] = 1 << 15 | 1 << 18
    assert await troubles("warning") == [
        "Privileged intents are turned on that the bot doesn't need: Server Members, Message Content."
    ]


@pytest.mark.parametrize(("left", "verdict"), [(0, "bad"), (50, "warning"), (51, "good")])
async def test_few_sessions_are_told_before_there_are_none(
    wire: WireDiscord, left: int, verdict: str
) -> None:
    wire.gateway.starts_left = left
    [line] = [line for line in await troubles(verdict) if "session starts left" in line]
    assert line.startswith(f"{left} of 1,000")


@pytest.mark.parametrize("need", NEEDS, ids=lambda need: need.flag)
async def test_what_a_servers_roles_lack_is_named(wire: WireDiscord, need: Need) -> None:
    wire.guild.permissions = ALL_NEEDED & ~need.bit
    [line] = await troubles("warning")
    assert line == f"Studio ({wire.guild.id}): the bot's roles are missing {need.name}. {need.without}"


async def test_a_bot_on_no_server_is_told_how_to_invite_it(wire: WireDiscord) -> None:
    wire.leave_guild(wire.guild)
    [finding] = [finding for finding in await findings() if verdict_of(finding) == "warning"]
    assert (
        f"client_id={wire.bot_id}&scope=bot+applications.commands&permissions=309237763072" in finding.remedy
    )


async def test_very_many_servers_are_all_looked_at(wire: WireDiscord) -> None:
    for number in range(450):
        guild = await wire.add_guild(f"Server {number}")
        guild.permissions = ALL_NEEDED if number % 100 else 0
    assert len(await troubles("warning")) == 5
    assert sum(": the bot has all" in finding.what for finding in await findings()) == 446


async def test_a_name_that_would_colour_the_terminal_is_only_a_name(wire: WireDiscord) -> None:
    wire.guild.name = "\x1b[31mred\x1b[0m \u202egnp"
    text = render_text(await examine()).plain
    assert "\x1b" not in text
    assert "\u202e" not in text


async def test_a_pause_is_told_for_its_server(made: str, wire: WireDiscord) -> None:
    async with open_database(made) as database:
        await Moderation(Decisions(database)).pause(Moderator(wire.guild.id, 7), None)
    sections = await examine()
    text = render_text(sections).plain
    assert f"Studio ({wire.guild.id}): /veo was paused on this server 20" in text
    assert "<t:" not in text + render_json(sections), "a time that only Discord shows"
    assert is_healthy(sections), "moderators may pause"


async def test_it_disturbs_no_bot_that_writes(made: str) -> None:
    async with open_database(made) as database:
        stop = asyncio.Event()

        async def write() -> int:
            written = 0
            while not stop.is_set():
                await insert(database)
                written += 1
            return written

        writing = asyncio.create_task(write())
        assert await troubles() == []
        stop.set()
        assert await writing > 0


def test_the_report_says_in_words_and_json_what_is_bad() -> None:
    sections = [
        Section(
            "One",
            [
                CheckResult(is_good=True, what="Fine."),
                CheckResult(is_good=False, what="Broken.", advice="Mend."),
            ],
        ),
        Section("Two", [CheckResult(is_good=False, is_warning=True, what="Hm.", advice="a", remedy="b")]),
    ]
    assert render_text(sections).plain.splitlines() == [
        "One",
        "  good     Fine.",
        "  bad      Broken.",
        "           → Mend.",
        "Two",
        "  warning  Hm.",
        "           → b",
        "",
        "3 checks: 1 failed, 1 with a warning.",
    ]
    document = json.loads(render_json(sections))
    assert (document["good"], document["bad"], document["warnings"]) == (False, 1, 1)
    assert document["findings"][2] == {"section": "Two", "verdict": "warning", "what": "Hm.", "todo": "b"}


async def test_an_option_of_the_database_that_nobody_knows_is_a_finding(
    environment: pytest.MonkeyPatch,
) -> None:
    environment.setenv("DATABASE_URL", "postgresql+asyncpg://veo:unseen@127.0.0.1:1/veo?colour=red")
    (finding,) = [what for what in await troubles() if "database" in what]
    assert "'colour'" in finding


async def test_what_is_refused_is_told_from_another_process(made: str) -> None:
    pause = ProviderPause(
        datetime(2026, 1, 1, tzinfo=UTC), RefusalScope.ACCOUNT, Way.FORBIDDEN, "No \x1b[31m*way*"
    )
    async with open_database(made) as database:
        await keep_pause(database, pause)
    [finding] = [finding for finding in await findings() if verdict_of(finding) == "bad"]
    text = render_text([Section("Provider", [finding])]).plain
    assert "I stopped sending requests 2026-01-01 00:00 UTC because the provider isn't accepting any." in text
    assert "*way*" in text
    assert "\x1b" not in text


async def test_a_key_that_is_perhaps_the_bots_is_worth_a_warning(provider: Provider) -> None:
    provider.terms.disabled = True
    assert await troubles() == ["The bot's key for the video service is turned off (`disabled`)."]
    provider.faults.add("key", Refusal(200, {"data": {"prefix": "c0ffee00", "disabled": True}}), times=None)
    [warning] = await troubles("warning")
    assert "a key that starts with c0ffee00" in warning


async def test_an_env_file_that_cannot_be_read_is_not_where_settings_belong(folder: Path) -> None:
    (folder / ".env").write_bytes(b"\xff\xfe")
    bad = [finding for finding in await findings() if not finding.is_good and not finding.is_warning]
    assert [(finding.what, finding.remedy) for finding in bad] == [
        (
            ".env: must be UTF-8 text",
            "Correct that, or run the doctor as the bot's user: without .env, nothing else can be checked.",
        )
    ]
