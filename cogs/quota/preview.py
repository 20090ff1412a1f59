"""A change of the rules, shown before it is saved, and its buttons: Save, Change and Cancel.

The change itself is a row (`bot.preview.proposal`). The message is the moderator's alone, but a changed
client can send any id: whose change it is, and whether it is the one that was shown, is decided where it is
read.
"""

from collections.abc import Collection
from functools import partial

import discord

from bot.errors import DatabaseBusyError
from bot.i18n import pgettext
from bot.policy.documents import Scope
from bot.preview.proposal import KEY, KeptProposal, Proposal, RulesChangedError
from bot.preview.service import Preview
from cogs.moderation.permissions import ensure_moderator
from cogs.moderation.targets import known_guild, moderator_of
from cogs.quota.import_text import changes_of, import_text
from cogs.quota.member_roles import find_roles
from cogs.quota.numbers_form import NumbersForm
from cogs.quota.preview_text import dropped_text, preview_text
from cogs.quota.saved_text import describe_saved
from cogs.ui.interaction import Interaction
from cogs.ui.items import Item, view_of

COMMAND = "quota"


async def propose(
    interaction: Interaction, proposal: Proposal, role_ids: frozenset[int], *, asked: bool | None
) -> None:
    """Show what a change would have done, or save it at once where nobody wants to see that.

    `role_ids`: of the member whose limits they are; `asked`: whether the moderator wants to see it first;
    None: as the server's settings say.
    """
    previews = interaction.client.services.previews
    if not await previews.is_wanted(moderator_of(interaction), proposal, asked):
        await interaction.response.send_message(await _save(interaction, proposal, role_ids), ephemeral=True)
        return
    await interaction.response.defer(ephemeral=True)  # it may take longer than Discord waits
    await show_proposal(interaction, proposal, role_ids)


async def fill_with_proposal(interaction: Interaction, proposal: Proposal) -> None:
    """Let the answer, so far "thinking", be what a change would have done, or what holds once it is saved."""
    previews = interaction.client.services.previews
    if await previews.is_wanted(moderator_of(interaction), proposal, None):
        await show_proposal(interaction, proposal, frozenset())
    else:
        await interaction.edit_original_response(content=await _save(interaction, proposal, frozenset()))


class PreviewButton(Item):
    """Base of the buttons: give an `action`, a `label`, and `act`."""

    pattern = rf"(?P<preview>{KEY}):(?P<revision>[0-9]{{1,6}})"

    def __init__(self, key: str, revision: int | str) -> None:
        """`revision`: of the change, as it is shown above the button."""
        super().__init__(key, revision)
        self.key = key
        self.revision = int(revision)


class SaveButton(PreviewButton):
    """Saves the change, once; where the rules have changed since, shows it again."""

    action = "try-save"
    style = discord.ButtonStyle.success

    @classmethod
    def label(cls) -> str:
        """Return the words on it."""
        return pgettext("button", "Save")

    async def act(self, interaction: Interaction) -> None:
        """Save it, and say what holds now."""
        await interaction.response.defer()
        await ensure_moderator(interaction, COMMAND)
        services, by = interaction.client.services, moderator_of(interaction)
        kept = await services.previews.find(by, self.key, self.revision)
        if kept.proposal.imported is not None:  # it was `/veo-admin` that showed it
            await ensure_moderator(interaction)
        try:
            saved = await services.previews.save(by, self.key, self.revision)
        except RulesChangedError:
            again = await services.previews.change(
                by, self.key, self.revision, None, partial(find_roles, interaction)
            )
            await _show(interaction, again, await _roles_of_subject(interaction, again.kept.proposal))
            return
        role_ids = await _roles_of_subject(interaction, saved.proposal)
        try:
            text = await describe_saved(services, by, saved, role_ids, known_guild(interaction))
        except DatabaseBusyError as error:  # it is saved, and the button has nothing to do any more
            text = str(error)
        await interaction.edit_original_response(content=text, view=None)


class ChangeButton(PreviewButton):
    """Shows a form with the numbers."""

    action = "try-change"

    @classmethod
    def label(cls) -> str:
        """Return the words on it."""
        return pgettext("button", "Change")

    async def act(self, interaction: Interaction) -> None:
        """Show the form; whether the person may change anything is asked when it is sent."""
        by, previews = moderator_of(interaction), interaction.client.services.previews
        kept = await previews.find(by, self.key, self.revision)
        await interaction.response.send_modal(ChangeForm(kept))


class DropButton(PreviewButton):
    """Forgets the change."""

    action = "try-drop"

    @classmethod
    def label(cls) -> str:
        """Return the words on it."""
        return pgettext("button", "Cancel")

    async def act(self, interaction: Interaction) -> None:
        """Forget it, and say that nothing changed."""
        await interaction.client.services.previews.drop(moderator_of(interaction), self.key)
        await interaction.response.edit_message(content=dropped_text(), view=None)


class ChangeForm(NumbersForm):
    """Takes other numbers, and shows what they would have done in place of the first ones."""

    def __init__(self, kept: KeptProposal) -> None:
        super().__init__(pgettext("title", "Change the numbers"), kept.proposal)
        self._kept = kept

    async def act(self, interaction: Interaction) -> None:
        """Show the preview of what was entered; nothing is saved."""
        kept = self._kept
        changed = self.read()
        await interaction.response.defer()
        await ensure_moderator(interaction, COMMAND)
        by, previews = moderator_of(interaction), interaction.client.services.previews
        roles_of = partial(find_roles, interaction)
        preview = await previews.change(by, kept.key, kept.revision, changed, roles_of)
        await _show(interaction, preview, await _roles_of_subject(interaction, changed))


async def _save(interaction: Interaction, proposal: Proposal, role_ids: frozenset[int]) -> str:
    """Save a change that nobody wants to see first; return what holds now."""
    services, by = interaction.client.services, moderator_of(interaction)
    saved = await services.previews.save_at_once(by, proposal)
    return await describe_saved(services, by, saved, role_ids, known_guild(interaction))


async def show_proposal(interaction: Interaction, proposal: Proposal, role_ids: frozenset[int]) -> None:
    """Let the answer be what a change would have done; `role_ids`: as of `propose`. Defer first."""
    previews = interaction.client.services.previews
    preview = await previews.show(moderator_of(interaction), proposal, partial(find_roles, interaction))
    await _show(interaction, preview, role_ids)


async def _show(interaction: Interaction, preview: Preview, role_ids: frozenset[int]) -> None:
    kept = preview.kept
    shown, imported = (kept.key, kept.revision), kept.proposal.imported
    if imported is not None:
        view = view_of(SaveButton(*shown), DropButton(*shown)) if changes_of(preview) else None
        await interaction.edit_original_response(content=import_text(preview, imported), view=view)
        return
    change = ChangeButton(*shown) if kept.proposal.limits or kept.proposal.budgets else None
    view = view_of(SaveButton(*shown), change, DropButton(*shown))
    await interaction.edit_original_response(content=preview_text(preview, role_ids), view=view)


async def _roles_of_subject(interaction: Interaction, proposal: Proposal) -> frozenset[int]:
    """Return the roles of the member whose limits they are; none where it is somebody else's limits."""
    if proposal.scope is not Scope.MEMBER:
        return frozenset()
    subject: Collection[int] = {proposal.subject_id}
    return (await find_roles(interaction, subject)).get(proposal.subject_id, frozenset())
