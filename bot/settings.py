"""The settings: the only reader of the environment.

`.env.example` lists all of them and docs/settings.md is made from these fields.
"""

import io
import os
import re
from pathlib import Path
from typing import Literal, TypeVar

from dotenv import dotenv_values
from dotenv.parser import parse_stream
from pydantic import Field, FiniteFloat, SecretStr, ValidationError, ValidationInfo, field_validator

from bot.db.addresses import checked_address, secrets_of, with_folder
from bot.media.upload_sizes import DEFAULT, parse_limits
from bot.provider_settings import ENV_ENCODING, ENV_FILE, ProviderSettings
from bot.roles import Role
from bot.sharding import MAX_SHARDS, Shards, parse_shards
from bot.written_values import checked_url, sentence_about

# How a line of `.env` begins, also where it's written as another program takes it.
SETTING = re.compile(r"""\s*(?:(?:export|set)\s+)?["']?([A-Za-z_]\w*)["']?\s*=""", re.IGNORECASE)
LOST = (
    "line {line} of .env can't be read. Write it as {name}=value, the value without quotes, or with one pair "
    "around all of it, and close the quotes above it"
)

Kind = TypeVar("Kind", bound="ProviderSettings")


class SettingsError(Exception):
    """Settings are missing or malformed; `problems` has one readable line each, without values."""

    def __init__(self, problems: list[str]) -> None:
        super().__init__("; ".join(problems))
        self.problems = problems


class Settings(ProviderSettings):
    """Everything the bot needs."""

    discord_token: SecretStr = Field(
        min_length=1, description="Your bot's token from Discord's developer portal."
    )
    database_url: SecretStr = Field(
        default=SecretStr("sqlite+aiosqlite:///{data_dir}/veo.db"),
        description="Where requests are stored: a file (`{data_dir}` stands for DATA_DIR), or PostgreSQL "
        "as `postgresql+asyncpg://USER:PASSWORD@HOST/DATABASE`.",
    )
    role: Role = Field(
        default=Role.ALL,
        description="What a process does: `all`, `gateway` (talks to Discord) or `worker` (makes the "
        "videos); `run --role` overrides it.",
    )
    shard_count: int | None = Field(
        default=None,
        ge=1,
        le=MAX_SHARDS,
        description="Total number of shards of all gateways; empty: one connection for all servers.",
    )
    shard_ids: str = Field(default="", description="The shards of this process, such as `0-3,8`; empty: all.")
    max_running: int = Field(
        default=10, ge=1, description="Maximum number of videos in progress at once, across all processes."
    )
    max_waiting: int = Field(
        default=10, ge=1, description="Maximum number of requests a member can have in the queue, per server."
    )
    polls_per_second: float = Field(
        default=50, gt=0, le=1000, description="Maximum number of status checks per second and process."
    )
    card_interval: float = Field(
        default=10, ge=0, le=60, description="Minimum seconds between two edits of the same card."
    )
    default_daily_limit: int = Field(
        default=5, ge=0, description="Videos a member can request in 24 hours, per server."
    )
    max_actions: int = Field(
        default=8,
        ge=1,
        description="Maximum number of commands, clicks and forms from one member in 20 seconds.",
    )
    prompt_retention_days: int = Field(
        default=90, ge=0, le=3650, description="Days after which prompts and links are deleted; 0: never."
    )
    upload_limits_mib: str = Field(
        default=DEFAULT,
        description="Largest files in MiB that Discord accepts from bots at boost levels 0 to 3.",
    )
    lease_seconds: float = Field(
        default=60,
        ge=1,
        le=3600,
        description="Seconds after which another process takes over the work of one that died.",
    )
    discord_api_base: str = Field(
        default="", description="Discord's REST address, if there's a proxy in front of it; also for tests."
    )
    discord_gateway_url: str = Field(default="", description="Discord's gateway address; for tests.")
    http_host: str = Field(
        default="127.0.0.1",
        min_length=1,
        description="Address that HTTP_PORT listens on; 0.0.0.0 in a container. Never open "
        "it to the internet.",
    )
    http_port: int | None = Field(
        default=None,
        ge=0,
        le=65_535,
        description="Port of /healthz, /readyz and /metrics; empty: off, 0: any free port.",
    )
    operator_channel_id: int | None = Field(
        default=None, ge=1, description="ID of the Discord channel for alerts about the bot itself."
    )
    alert_balance_usd: FiniteFloat = Field(
        default=5,
        ge=0,
        description="Warn when the provider balance falls below this many USD (0: only when it is empty).",
    )
    discord_cdn_url: str = Field(
        default="", description="Another server that images can come from, besides Discord's own; for tests."
    )
    log_level: Literal["DEBUG", "INFO", "WARNING", "ERROR"] = Field(
        default="INFO", description="How much to log; prompts appear only at DEBUG."
    )
    log_format: Literal["text", "json"] = Field(
        default="text", description="`text` for people, `json` for programs."
    )

    @field_validator("discord_api_base", "discord_cdn_url")
    @classmethod
    def _is_web_address_or_empty(cls, value: str) -> str:
        return checked_url(value, {"http", "https"}) if value else value

    @field_validator("discord_gateway_url")
    @classmethod
    def _is_socket_address_or_empty(cls, value: str) -> str:
        return checked_url(value, {"ws", "wss"}) if value else value

    @field_validator("shard_ids")
    @classmethod
    def _are_shards(cls, value: str, info: ValidationInfo) -> str:
        count = info.data.get("shard_count")
        if value and count is None and "shard_count" in info.data:
            raise ValueError("needs SHARD_COUNT, the same for all processes")
        if count is not None:
            parse_shards(count, value)
        return value

    @field_validator("upload_limits_mib")
    @classmethod
    def _is_four_sizes(cls, value: str) -> str:
        parse_limits(value)
        return value

    @field_validator("database_url")
    @classmethod
    def _is_database(cls, value: SecretStr) -> SecretStr:
        checked_address(value.get_secret_value())
        return value

    @field_validator("data_dir", check_fields=False)
    @classmethod
    def _is_plain_path(cls, value: Path) -> Path:
        if "?" in str(value):
            raise ValueError("must not contain a question mark, because that ends the path in DATABASE_URL")
        return value

    @property
    def resolved_database_url(self) -> str:
        """`database_url` with the data folder filled in; it may hold a password."""
        return with_folder(self.database_url.get_secret_value(), self.data_dir)

    @property
    def shards(self) -> Shards | None:
        """The shards of this process; None: one connection that is for all servers."""
        return None if self.shard_count is None else parse_shards(self.shard_count, self.shard_ids)

    @property
    def secrets(self) -> list[SecretStr]:
        """All that must never be logged."""
        pieces = [SecretStr(piece) for piece in secrets_of(self.resolved_database_url)]
        return [self.discord_token, self.aimlapi_key, *pieces]


def load_settings() -> Settings:
    """Read the bot's settings from the environment and `.env`.

    Raises:
        SettingsError: some are missing or malformed.
    """
    return _load(Settings)


def load_provider_settings() -> ProviderSettings:
    """Read what `veo-bot generate` needs; the Discord token may be missing.

    Raises:
        SettingsError: some are missing or malformed.
    """
    return _load(ProviderSettings)


def names_in_env_file() -> set[str]:
    """Return all names in `.env`, those of other programs too; none where `_load` cannot read it either."""
    try:
        return set(dotenv_values(ENV_FILE, encoding=ENV_ENCODING, interpolate=False))
    except (OSError, UnicodeDecodeError):
        return set()


def names_in_environment() -> set[str]:
    """Return all names in the environment, which is other programs' as well."""
    return set(os.environ)


def _load(kind: type[Kind]) -> Kind:
    try:
        _ensure_readable(kind)
        return kind()  # pyright: ignore[reportCallIssue]: the environment fills the required fields
    except ValidationError as error:
        raise SettingsError(_problems(error)) from None
    except UnicodeDecodeError:
        raise SettingsError([".env: must be UTF-8 text"]) from None
    except OSError as error:
        raise SettingsError([f".env: this user can't read it: {error.strerror}"]) from None


def _ensure_readable(kind: type[ProviderSettings]) -> None:
    """Check that the settings in `.env` are read: the library leaves out lines that it doesn't understand.

    Raises:
        SettingsError: one wouldn't be, and nothing sets it instead.
        UnicodeDecodeError, OSError: as the library.
    """
    path = Path(ENV_FILE)
    if not path.is_file():  # what can be read once only is left to the library
        return
    instead = {name.upper() for name, value in os.environ.items() if value}
    known = {name.upper() for name in kind.model_fields} - instead
    lost = lost_lines(path.read_text(encoding=ENV_ENCODING))
    problems = [
        f"{name}: {LOST.format(name=name, line=line)}" for name, line in lost.items() if name in known
    ]
    if problems:
        raise SettingsError(problems)


def lost_lines(text: str) -> dict[str, int]:
    """Return the names in a `.env` whose last line isn't read as theirs, and the numbers of these lines.

    Such a line can't be understood, or a quote that was opened before it isn't closed.
    """
    last = {
        found[1].upper(): number
        for number, line in enumerate(text.split("\n"), 1)
        if (found := SETTING.match(line)) is not None
    }
    read = {
        (binding.key.upper(), binding.original.line + _blank_lines(binding.original.string))
        for binding in parse_stream(io.StringIO(text))
        if binding.key and not binding.error
    }
    return {name: line for name, line in last.items() if (name, line) not in read}


def _blank_lines(text: str) -> int:
    return text[: len(text) - len(text.lstrip())].count("\n")


def _problems(error: ValidationError) -> list[str]:
    """Return one line per problem; the values stay out, since one may be a secret in the wrong place."""
    lines: list[str] = []
    for item in error.errors(include_input=False, include_url=False):
        name = str(item["loc"][0]).upper()
        is_missing = item["type"] == "missing"
        what = _missing() if is_missing else sentence_about(item["type"], item.get("ctx", {}), item["msg"])
        lines.append(f"{name}: {what}")
    return lines


def _missing() -> str:
    """Say that a setting is missing, and what stands in the place of the file that may have it.

    Docker makes a folder of a file that it can't find.
    """
    path = Path(ENV_FILE)
    if path.is_dir():
        return "is missing, and .env is a folder"
    return (
        "is missing, and .env is a link to nothing"
        if path.is_symlink() and not path.exists()
        else "is missing"
    )
