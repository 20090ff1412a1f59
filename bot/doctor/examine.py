"""`veo-bot doctor`: everything that the bot needs, looked at from outside, beside a bot that may be running.

Nothing is paid for, no database is made or brought up to date, no session of the gateway is started.
"""

import asyncio
from contextlib import AsyncExitStack
from dataclasses import dataclass

import aiohttp

from bot.db.database import Database, DatabaseError, open_database
from bot.db.schema_fit import Fit, examine_schema
from bot.doctor.check_result import CHECK_PATIENCE, CheckResult, bounded, bounded_all
from bot.doctor.checks import check_account, check_submitting, check_writing, fetch_key, sample_of
from bot.doctor.database_checks import check_schema, count_open, find_pauses
from bot.doctor.discord_api import DiscordApi
from bot.doctor.discord_checks import (
    check_application,
    check_gateway,
    check_operator_channel,
    check_servers,
    check_token,
)
from bot.doctor.host_checks import check_env_file, check_ffmpeg, check_folder, check_port
from bot.doctor.provider_text import REMEDIES, describe_trouble, quote_in_terminal
from bot.doctor.settings_checks import Inspection, check_names, inspect_settings
from bot.provider.client import VeoClient
from bot.provider_settings import ENV_FILE
from bot.settings import Settings

SERVERS_PATIENCE = 60.0  # seconds; many servers come in many pages
SETTING_ADVICE = "Set it in the environment, or in .env in the folder you start the bot from."

ENV_FILE_ADVICE = (
    "Correct that, or run the doctor as the bot's user: without .env, nothing else can be checked."
)


@dataclass(frozen=True, slots=True)
class Section:
    """The findings about one part."""

    name: str
    findings: list[CheckResult]


async def examine(*, patience: float = CHECK_PATIENCE) -> list[Section]:
    """Check everything once; never raises for what is found.

    Args:
        patience: seconds that one check may take.
    """
    inspection = inspect_settings()
    settings = Section("Settings", _check_settings(inspection))
    if inspection.settings is None:
        return [settings]
    async with aiohttp.ClientSession() as session, AsyncExitStack() as stack:
        examination = _Examination(inspection.settings, inspection.wrong, session, patience)
        database, database_findings = await examination.open_database(stack)
        files, watching, account, discord = await asyncio.gather(
            examination.look_at_files(),
            examination.look_at_port(),
            examination.look_at_account(database),
            examination.look_at_discord(database),
        )
    return [settings, *files, Section("Database", database_findings), *watching, account, *discord]


@dataclass(frozen=True, slots=True)
class _Examination:
    """The parts that need settings; those that need a wrong one are passed over, and say so."""

    settings: Settings
    wrong: frozenset[str]
    session: aiohttp.ClientSession
    patience: float

    async def look_at_files(self) -> list[Section]:
        if not self._has("data_dir"):
            return [Section("Files", [self._passed_over("data_dir")])]
        folder = self.settings.data_dir
        ffmpeg = await bounded("ffmpeg", check_ffmpeg(folder), self.patience)
        findings = await bounded_all("The files", asyncio.to_thread(check_folder, folder), self.patience)
        return [Section("Files", findings), Section("ffmpeg", [ffmpeg])]

    async def look_at_port(self) -> list[Section]:
        """Return what there is to say about the pages for those who watch; nothing where there are none."""
        settings = self.settings
        if not settings.http_port or not self._has("http_host", "http_port"):
            return []
        check = check_port(self.session, settings.http_host, settings.http_port)
        return [Section("Watching", [await bounded("HTTP_PORT", check, self.patience)])]

    async def open_database(self, stack: AsyncExitStack) -> tuple[Database | None, list[CheckResult]]:
        """Return the database where it is this version's, and what there is to say about it."""
        if not self._has("data_dir", "database_url"):
            return None, [self._passed_over("data_dir", "database_url")]
        try:
            async with asyncio.timeout(self.patience):
                schema = await examine_schema(self.settings.resolved_database_url)
                findings = [check_schema(schema)]
                if schema.fit is not Fit.CURRENT:
                    return None, findings
                opened = open_database(self.settings.resolved_database_url)
                database = await stack.enter_async_context(opened)
        except TimeoutError:
            return None, [_unopened("it doesn't answer in time")]
        except DatabaseError as error:
            return None, [_unopened(str(error))]
        findings.append(await bounded("The database", check_writing(database), self.patience))
        findings.append(await bounded("The open requests", count_open(database), self.patience))
        return database, findings

    async def look_at_account(self, database: Database | None) -> Section:
        findings = list[CheckResult]()
        if database is not None:
            check = check_submitting(database, quote_in_terminal)
            findings = await bounded_all("What the provider rejects", check, self.patience)
        if not self._has("aimlapi_key", "aimlapi_base_url"):
            return Section("Provider", [self._passed_over("aimlapi_key", "aimlapi_base_url"), *findings])
        veo = VeoClient(self.session, self.settings.aimlapi_base_url, self.settings.aimlapi_key)
        sample = sample_of(self.settings.offered_models)
        account = await bounded(
            "The provider",
            check_account(veo, sample, self.patience),
            self.patience,
        )
        return Section("Provider", [account, *findings, *await _check_other_key(veo, self.patience)])

    async def look_at_discord(self, database: Database | None) -> list[Section]:
        names = "discord_token", "discord_api_base", "discord_gateway_url"
        if not self._has(*names):
            return [Section("Discord", [self._passed_over(*names)])]
        api = DiscordApi(self.session, self.settings.discord_token, self.settings.discord_api_base)
        token = await bounded("Discord", check_token(api), self.patience)
        if not token.is_good:
            return [Section("Discord", [token])]
        gateway = check_gateway(api, self.settings.discord_gateway_url)
        findings = [
            token,
            *await bounded_all("The application at Discord", check_application(api), self.patience),
            *await bounded_all("The gateway", gateway, self.patience),
        ]
        if self.settings.operator_channel_id is not None and self._has("operator_channel_id"):
            alerts = check_operator_channel(api, self.settings.operator_channel_id)
            findings.append(await bounded("OPERATOR_CHANNEL_ID", alerts, self.patience))
        servers = await bounded_all("The servers", self._look_at_servers(api, database), SERVERS_PATIENCE)
        return [Section("Discord", findings), Section("Servers", servers)]

    async def _look_at_servers(self, api: DiscordApi, database: Database | None) -> list[CheckResult]:
        findings, servers = await check_servers(api)
        return [*findings, *(await find_pauses(database, servers) if database else [])]

    def _has(self, *names: str) -> bool:
        return self.wrong.isdisjoint(names)

    def _passed_over(self, *names: str) -> CheckResult:
        """Return what stands in place of a part that needs settings of which some are missing or invalid."""
        wrong = [name.upper() for name in names if name in self.wrong]
        return CheckResult(
            is_good=False,
            is_warning=True,
            what="Not checked because a setting is missing or invalid.",
            remedy=f"Set or correct {', '.join(wrong)} first.",
        )


def _check_settings(inspection: Inspection) -> list[CheckResult]:
    findings = [
        CheckResult(
            is_good=False,
            what=problem,
            remedy=ENV_FILE_ADVICE if problem.startswith(f"{ENV_FILE}:") else SETTING_ADVICE,
        )
        for problem in inspection.problems
    ] or [CheckResult(is_good=True, what="All settings are valid.")]
    loose = check_env_file()
    return [*findings, *check_names(), *([loose] if loose else [])]


async def _check_other_key(veo: VeoClient, patience: float) -> list[CheckResult]:
    """Return a warning where something is wrong with the key that the provider tells of, if not the bot's."""
    key = await fetch_key(veo, patience / 2)
    if key is None or key.is_ours or key.trouble is None:
        return []
    name = quote_in_terminal(key.prefix or "")
    return [
        CheckResult(
            is_good=False,
            is_warning=True,
            what=f"{describe_trouble(key, key.trouble)} The provider says that about a "
            f"key that starts with {name}; "
            "the bot's key doesn't.",
            remedy=f"If requests are rejected: {REMEDIES[key.trouble]}",
        )
    ]


def _unopened(reason: str) -> CheckResult:
    return CheckResult(
        is_good=False,
        what=f"The database can't be opened: {reason}.",
        remedy="Another program may be locking it. Try again in a minute.",
    )
