"""A change of rules, words or settings, shown before it is saved, and its buttons: Save, Change and Cancel.

The change itself is a row (`bot.preview.proposal`). The message is the moderator's alone, but a changed
client can send any id: whose change it is, and whether it is the one that was shown, is decided where it is
read.
"""

from collections.abc import Collection, Sequence
from functools import partial
from io import BytesIO
from typing import Self

import discord

from bot.admission.blocklist import WORD_MAX_LENGTH
from bot.errors import BadInputError, DatabaseBusyError
from bot.i18n import NC_, _, pgettext
from bot.markup import in_words
from bot.policy.documents import Scope
from bot.preview.proposal import KEY, KeptProposal, Proposal, RulesChangedError
from bot.preview.service import Preview, Saved, ServerNow
from cogs.moderation.permissions import COMMAND as ADMIN
from cogs.moderation.permissions import ensure_moderator
from cogs.moderation.settings_text import word_added
from cogs.moderation.targets import known_guild, moderator_of
from cogs.quota.change_forms import NumbersForm, word_in
from cogs.quota.import_text import all_of_import, changes_of, content_text, import_text, says_all
from cogs.quota.preview_text import dropped_text, preview_text
from cogs.quota.saved_text import describe_saved
from cogs.ui.interaction import Interaction
from cogs.ui.items import Form, Item, view_of
from cogs.ui.lists import edit_with_files
from cogs.ui.markup_names import names_of
from cogs.ui.requester import find_roles

COMMAND = "quota"
OPTION = "First preview its effect on the last 30 days (default: as the settings say)"
CHART = "preview.png"
CHANGES = "changes.txt"  # of an import
NO_ROLES: frozenset[int] = frozenset()


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
    """Saves the change, once; where that isn't what the moderator saw, shows it again."""

    action = "try-save"
    label = NC_("button", "Save")
    style = discord.ButtonStyle.success

    async def act(self, interaction: Interaction) -> None:
        """Save it, and say what holds now."""
        await interaction.response.defer()
        previews, by = interaction.client.services.previews, moderator_of(interaction)
        kept = await previews.find(by, self.key)
        await _ensure_may_decide(interaction, kept.proposal)
        if kept.revision != self.revision:  # such as where Discord didn't take what was shown last
            await _show_changed(interaction, kept, None)
            raise RulesChangedError
        _ensure_role_is_there(interaction, kept.proposal)
        try:
            saved = await previews.save(by, self.key, self.revision)
        except RulesChangedError:
            await _show_changed(interaction, kept, None)
            return
        role_ids = await _roles_of_subject(interaction, saved.proposal)
        try:
            text = await _describe(interaction, saved, role_ids)
        except DatabaseBusyError as error:  # it is saved, and the button has nothing to do any more
            text = str(error)
        await interaction.edit_original_response(content=text, view=None, attachments=[])


class ChangeButton(PreviewButton):
    """Shows a form with the numbers or the word."""

    action = "try-change"
    label = NC_("button", "Change")

    async def act(self, interaction: Interaction) -> None:
        """Show the form with what is kept; whether the person may change it is asked when it is sent."""
        by, previews = moderator_of(interaction), interaction.client.services.previews
        kept = await previews.find(by, self.key)
        form = NumbersChangeForm if kept.proposal.word is None else WordChangeForm
        await interaction.response.send_modal(form(kept))


class DropButton(PreviewButton):
    """Forgets the change."""

    action = "try-drop"
    label = NC_("button", "Cancel")

    async def act(self, interaction: Interaction) -> None:
        """Forget it, and say that nothing changed."""
        await interaction.client.services.previews.drop(moderator_of(interaction), self.key)
        await interaction.response.edit_message(content=dropped_text(), view=None, attachments=[])


class NumbersChangeForm(NumbersForm):
    """Takes other numbers, and shows what they would have done in place of the first ones."""

    def __init__(self, kept: KeptProposal) -> None:
        super().__init__(pgettext("title", "Change the numbers"), kept.proposal)
        self._kept = kept

    async def act(self, interaction: Interaction) -> None:
        """Show the preview of what was entered; nothing is saved."""
        await _show_entered(interaction, self._kept, self.read())


class WordChangeForm(Form):
    """Takes another word, and shows what it would have done in place of the first one."""

    def __init__(self, kept: KeptProposal) -> None:
        super().__init__(pgettext("title", "Change the word"))
        self._kept = kept
        self._field = discord.ui.TextInput[Self](
            custom_id="word", default=kept.proposal.word, max_length=WORD_MAX_LENGTH
        )
        self.add_item(discord.ui.Label(text=pgettext("label", "Word or phrase"), component=self._field))

    async def act(self, interaction: Interaction) -> None:
        """Show the preview of what was entered; nothing is saved."""
        entered = {"word": word_in(interaction, self._field.value)}
        await _show_entered(interaction, self._kept, self._kept.proposal.model_copy(update=entered))


async def _show_entered(interaction: Interaction, kept: KeptProposal, entered: Proposal) -> None:
    """Show what was entered in place of what is kept, but for a word that is blocked already."""
    await interaction.response.defer()
    await _ensure_may_decide(interaction, entered)
    by, previews = moderator_of(interaction), interaction.client.services.previews
    if entered.word is not None and not await previews.is_wanted(by, entered, asked=True):
        await interaction.followup.send(word_added(entered.word, is_new=False), ephemeral=True)
        return
    await _show_changed(interaction, kept, entered)


async def _show_changed(interaction: Interaction, kept: KeptProposal, changed: Proposal | None) -> None:
    """Show another change in place of what is kept; None: the same, as it is now."""
    by, previews = moderator_of(interaction), interaction.client.services.previews
    preview = await previews.change(by, kept.key, kept.revision, changed, _server_now(interaction))
    await _show(interaction, preview, await _roles_of_subject(interaction, preview.kept.proposal))


async def _ensure_may_decide(interaction: Interaction, proposal: Proposal) -> None:
    """Check that the person may use the command that showed it; of an import, both that it stands for."""
    is_content = proposal.word is not None or proposal.settings is not None
    if not is_content:
        await ensure_moderator(interaction, COMMAND)
    if is_content or proposal.imported is not None:
        await ensure_moderator(interaction, ADMIN)


def _ensure_role_is_there(interaction: Interaction, proposal: Proposal) -> None:
    """Check that limits wouldn't be set for a role that was deleted since they were shown."""
    guild, is_of_role = known_guild(interaction), proposal.scope is Scope.ROLE
    if proposal.limits and is_of_role and guild is not None and guild.get_role(proposal.subject_id) is None:
        raise BadInputError(_("That role no longer exists, so it can't have a limit. Nothing changed."))


async def _save(interaction: Interaction, proposal: Proposal, role_ids: frozenset[int]) -> str:
    """Save a change that nobody wants to see first; return what holds now."""
    previews = interaction.client.services.previews
    return await _describe(
        interaction, await previews.save_at_once(moderator_of(interaction), proposal), role_ids
    )


async def _describe(interaction: Interaction, saved: Saved, role_ids: frozenset[int]) -> str:
    """Return what was changed, and what holds now."""
    services, by = interaction.client.services, moderator_of(interaction)
    return await describe_saved(services, by, saved, role_ids, known_guild(interaction))


async def show_proposal(interaction: Interaction, proposal: Proposal, role_ids: frozenset[int]) -> None:
    """Let the answer be what a change would have done; `role_ids`: as of `propose`. Defer first."""
    previews = interaction.client.services.previews
    preview = await previews.show(moderator_of(interaction), proposal, _server_now(interaction))
    await _show(interaction, preview, role_ids)


async def _show(interaction: Interaction, preview: Preview, role_ids: frozenset[int]) -> None:
    kept = preview.kept
    shown, imported = (kept.key, kept.revision), kept.proposal.imported
    if imported is not None:
        view = view_of(SaveButton(*shown), DropButton(*shown)) if changes_of(preview) else None
        text, lines = import_text(preview, imported), all_of_import(preview, imported)
        if says_all(text, lines):
            await _edit(interaction, preview, text, view)
        else:
            await _edit(interaction, preview, import_text(preview, imported, is_cut=True), view, lines)
        return
    proposal = kept.proposal
    change = ChangeButton(*shown) if proposal.limits or proposal.budgets or proposal.word else None
    view = view_of(SaveButton(*shown), change, DropButton(*shown))
    if proposal.word is not None or proposal.settings is not None:
        text = content_text(preview, interaction.client.services.models)
    else:
        text = preview_text(preview, role_ids)
    await _edit(interaction, preview, text, view)


async def _edit(
    interaction: Interaction,
    preview: Preview,
    text: str,
    view: discord.ui.View | None,
    lines: Sequence[str] = (),
) -> None:
    """Let the answer be a preview with its chart; `lines`: of a file, where the text isn't all of it."""
    chart = await interaction.client.services.previews.draw(preview.comparison)
    files = [] if chart is None else [discord.File(BytesIO(chart.png), CHART, description=chart.description)]
    if lines:
        names = names_of(interaction)  # a file knows no mentions
        content = "\n".join(in_words(line, names) for line in lines).encode()
        files.append(discord.File(BytesIO(content), CHANGES, description=_("Everything that would change")))
    await edit_with_files(interaction, text, files, view)


def _server_now(interaction: Interaction) -> ServerNow:
    return ServerNow(partial(find_roles, interaction), _known_channels(interaction.guild))


async def _roles_of_subject(interaction: Interaction, proposal: Proposal) -> frozenset[int]:
    """Return the roles of the member whose limits they are; none where it is somebody else's limits."""
    if proposal.scope is not Scope.MEMBER:
        return NO_ROLES
    subject: Collection[int] = {proposal.subject_id}
    return (await find_roles(interaction, subject)).get(proposal.subject_id, frozenset())


def _known_channels(guild: discord.Guild | None) -> dict[int, int | None]:
    """Return what each channel and thread that the gateway told of is a thread of; None: of nothing."""
    if guild is None:
        return {}
    channels: dict[int, int | None] = {channel.id: None for channel in guild.channels}
    return channels | {thread.id: thread.parent_id for thread in guild.threads}
