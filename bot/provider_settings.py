"""The settings that the provider needs, with or without Discord; `bot.settings` has the others."""

import re
from pathlib import Path

from pydantic import Field, SecretStr, ValidationInfo, field_validator
from pydantic_settings import BaseSettings, SettingsConfigDict

from bot.provider.catalogue import Model
from bot.provider.choosing import parse_models
from bot.written_values import bare, checked_url

ENV_FILE = ".env"
ENV_ENCODING = "utf-8-sig"  # some editors begin a file with a mark, which is no part of the first name
NOT_PLAIN = re.compile(r"""[^!-~]|["'<>`{}\[\]]|^[A-Z_]+=""")  # the last: the setting's own name
QUOTED_NAMES = re.compile(r"""["'\u201c\u201d]\s*,|,\s*["'\u201c\u201e]""")
EXAMPLE = "Veo 3.1 Fast, google/veo-3.1-t2v"  # of MODELS
VERSION_PATH = re.compile(r"/v[0-9]+(/.*)?$", re.IGNORECASE)
OWN_ADDRESS = "https://api.aimlapi.com"  # whatever is behind it was copied from a page or an example
SECRETS = ("aimlapi_key", "discord_token")


class ProviderSettings(BaseSettings):
    """The settings for speaking to the provider, with or without Discord."""

    model_config = SettingsConfigDict(
        env_file=ENV_FILE, env_file_encoding=ENV_ENCODING, env_ignore_empty=True, extra="ignore"
    )

    aimlapi_key: SecretStr = Field(min_length=1, description="Your AI/ML API key.")
    aimlapi_base_url: str = Field(
        default=OWN_ADDRESS, description="The provider's address; tests use another one."
    )
    aimlapi_legacy_urls: bool = Field(
        default=False, description="Use the provider's older address with the vendor's name in it."
    )
    poll_interval: float = Field(
        default=10,
        gt=0,
        le=60,
        description="Average seconds between status checks of a running video; they're made when "
        "they're most likely to find it ready.",
    )
    generation_deadline: float = Field(
        default=1000, gt=0, le=86_400, description="Seconds after which the bot gives up on a video."
    )
    models: str = Field(
        default="",
        description="The models to offer, as names or IDs separated by commas, such as "
        f"`{EXAMPLE}`; the first one is the default. Empty: all.",
    )
    data_dir: Path = Field(default=Path("data"), description="Folder for the database and video files.")

    @field_validator("*", mode="before")
    @classmethod
    def _is_bare(cls, value: object, info: ValidationInfo) -> object:
        if not isinstance(value, str):
            return value
        if info.field_name == "models" and QUOTED_NAMES.search(value):
            raise ValueError(f"must have no quotes around single names, as in {EXAMPLE}")
        # Spaces around a secret are named: they hint at what else was copied along.
        return bare(value if info.field_name in SECRETS else value.strip())

    @field_validator(*SECRETS, check_fields=False)
    @classmethod
    def _is_one_word(cls, value: SecretStr) -> SecretStr:
        if NOT_PLAIN.search(value.get_secret_value()):
            raise ValueError("must be one word of plain characters. Copy it again without quotes or spaces")
        return value

    @field_validator("models")
    @classmethod
    def _are_models(cls, value: str) -> str:
        parse_models(value)
        return value

    @property
    def offered_models(self) -> tuple[Model, ...]:
        """The models that may be asked for, in order; what was accepted before goes on with any."""
        return parse_models(self.models)

    @field_validator("aimlapi_base_url")
    @classmethod
    def _is_web_address(cls, value: str) -> str:
        # The provider's own examples name the address with its version, which each of our calls has itself.
        address = VERSION_PATH.sub("", checked_url(value, {"http", "https"}))
        return OWN_ADDRESS if address.startswith(f"{OWN_ADDRESS}/") else address
