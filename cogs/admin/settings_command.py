"""Options and answers of `/veo-admin settings`; its rows are in `cogs.moderation.server_settings`."""

from collections.abc import Mapping
from typing import Any

from discord.app_commands import Choice

from bot.errors import BadInputError
from bot.i18n import N_, _
from bot.policy.documents import Policy
from bot.preview.proposal import NewSettings, Proposal
from cogs.moderation.server_settings import SETTINGS, Known
from cogs.moderation.server_warnings import find_warnings
from cogs.moderation.setting_parsers import ensure_offered
from cogs.moderation.settings_text import render_settings
from cogs.moderation.targets import UNKNOWN_SERVER, known_guild, moderator_of
from cogs.quota.preview import NO_ROLES, propose
from cogs.ui.interaction import Interaction

EVERYTHING = "everything"


def descriptions() -> dict[str, str]:
    """Return what Discord shows beside the options."""
    return {row.option: row.description for row in SETTINGS.values()}


def choices() -> dict[str, list[Choice[str | int | float]]]:
    """Return the values that Discord offers, by the names of options."""
    reset = {field: row.name for field, row in SETTINGS.items()}
    offers: dict[str, Mapping[Any, str]] = {
        row.option: row.choices for row in SETTINGS.values() if row.choices
    }
    offers["reset"] = {**reset, EVERYTHING: N_("All settings")}
    return {name: [Choice(name=n, value=v) for v, n in offer.items()] for name, offer in offers.items()}


def read_changes(interaction: Interaction, reset: str | None, **options: Any) -> dict[str, Any]:
    """Return what the options change, by the fields of `Policy`; options that are None change nothing.

    Raises:
        BadInputError: an option makes no sense; nothing may be changed then.
    """
    guild = known_guild(interaction)
    if guild is None:
        raise BadInputError(_(UNKNOWN_SERVER))
    known = Known(guild, interaction.client.services.models)
    changes = {
        field: row.parse(options[row.option], known)
        for field, row in SETTINGS.items()
        if options[row.option] is not None
    }
    return changes if reset is None else _with_reset(changes, reset)


def _with_reset(changes: Mapping[str, Any], reset: str) -> dict[str, Any]:
    fields = SETTINGS.keys() if reset == EVERYTHING else {ensure_offered(reset, SETTINGS)}
    if fields & changes.keys():
        raise BadInputError(_("Set or reset a setting, not both at once. Nothing changed."))
    initial = Policy()
    return {**changes, **{field: getattr(initial, field) for field in fields}}


async def propose_settings(
    interaction: Interaction, changes: Mapping[str, Any], preview: bool | None
) -> None:
    """Show all settings, or what the changes would have refused, or save them; `preview`: what was chosen."""
    if changes:
        await propose(interaction, Proposal(settings=NewSettings.of(changes)), NO_ROLES, asked=preview)
        return
    services, guild = interaction.client.services, known_guild(interaction)
    policy = await services.moderation.read(moderator_of(interaction).guild_id)
    text = render_settings(policy, services.models, warnings=find_warnings(guild, policy))
    await interaction.response.send_message(text, ephemeral=True)
