"""The answer once a change of the rules is saved: what was changed, and what holds now."""

from collections.abc import Collection, Generator, Iterator
from contextlib import contextmanager

import discord

from bot.admission.entitlement import Entitlement
from bot.errors import DatabaseBusyError
from bot.i18n import N_, _, ngettext
from bot.moderation.decisions import Moderator
from bot.moderation.matching import Imported
from bot.moderation.rules import RuleBook
from bot.moderation.service import SETTINGS
from bot.policy.documents import Scope
from bot.preview.proposal import Proposal
from bot.preview.service import Saved
from bot.services import Services
from cogs.moderation.server_warnings import find_remarks, find_warnings
from cogs.moderation.settings_text import render_settings, word_added
from cogs.quota import quota_text
from cogs.quota.import_text import imported_text

DONE = N_("✅ **Done**, but I can't look up the current limits. `/quota rules` will show them in a minute.")


async def describe_saved(
    services: Services,
    by: Moderator,
    saved: Saved,
    role_ids: Collection[int],
    guild: discord.Guild | None,
) -> str:
    """Return what was changed, and what holds now; `role_ids`: of the member whose limits they are."""
    proposal = saved.proposal
    if proposal.word is not None:
        return word_added(proposal.word, is_new=saved.is_new)
    if proposal.settings is not None and saved.policy is not None:
        warnings = find_warnings(guild, saved.policy)
        return render_settings(saved.policy, services.models, proposal.settings.fields, warnings)
    if proposal.imported is not None:
        return await _describe_imported(services, by, proposal.imported, guild)
    if proposal.budgets:
        states = (await read_entitlement(services, by, by.user_id, ())).budgets
        return quota_text.budget_text(proposal.budgets, states)
    book = await _read_book(services, by, proposal, role_ids)
    if proposal.limits:
        return quota_text.set_text(proposal.subject, proposal.limits, book)
    return quota_text.unset_text(proposal.subject, saved.removed, book)


async def read_entitlement(
    services: Services, by: Moderator, user_id: int, role_ids: Collection[int]
) -> Entitlement:
    """Return how a member stands after a change that was made."""
    with _known_to_be_done():
        return await services.entitlements.read(by.guild_id, user_id, role_ids)


async def _describe_imported(
    services: Services, by: Moderator, imported: Imported, guild: discord.Guild | None
) -> str:
    strikes_off = "strikes" in imported.fields and imported.policy.strikes is None
    is_of_settings = not imported.fields.isdisjoint(SETTINGS)
    remarks = await find_remarks(
        services, by, guild, settings_changed=is_of_settings, strikes_off=strikes_off
    )
    return "\n".join([imported_text(imported), *_limits_without_role(imported, guild), *remarks])


def _limits_without_role(imported: Imported, guild: discord.Guild | None) -> Iterator[str]:
    """Yield that limits have no effect, since their role was deleted between the preview and its click."""
    roles = {rule.subject_id for rule in imported.policy.rules if rule.scope is Scope.ROLE}
    gone = 0 if guild is None else sum(guild.get_role(role_id) is None for role_id in roles)
    if gone:
        yield ngettext(
            "⚠️ {count} role with limits no longer exists, so they have no effect. `/quota rules` shows them.",
            "⚠️ {count} roles with limits no longer exist, so they have no effect. `/quota rules` shows them.",
            gone,
        )


async def _read_book(
    services: Services, by: Moderator, proposal: Proposal, role_ids: Collection[int]
) -> RuleBook:
    with _known_to_be_done():
        if proposal.scope is not Scope.MEMBER:
            return await services.rules.read(by.guild_id)
        return await services.rules.read(by.guild_id, proposal.subject_id, role_ids)


@contextmanager
def _known_to_be_done() -> Generator[None]:
    """Say that the change was made if only the current limits can't be read, so that nobody grants twice."""
    try:
        yield
    except DatabaseBusyError as error:
        raise DatabaseBusyError(_(DONE)) from error
