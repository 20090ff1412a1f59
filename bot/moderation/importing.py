"""Carries a server's rules to another server as a file, and saves what was read from one."""

from collections.abc import Awaitable, Callable, Sequence

from sqlalchemy.orm import Session

from bot.admission.availability import ensure_possible
from bot.db.guild_models import Action
from bot.db.transactions import Work
from bot.errors import BadInputError
from bot.i18n import _
from bot.media.downloads import FileGoneError, MediaError
from bot.moderation.decisions import AuditEvent, Decisions, Moderator
from bot.moderation.matching import Imported, match_rules
from bot.moderation.portable import MAX_BYTES, ServerNames, read_rules, write_rules
from bot.moderation.rules import nothing_first
from bot.moderation.service import LIMITING, show_waiting_reports
from bot.moderation.snapshots import snapshot_of_import
from bot.policy.documents import Policy
from bot.policy.store import fetch_policy
from bot.provider.catalogue import CATALOGUE, Model
from bot.text import clean, shorten

SERVER_LENGTH = 40  # characters of a server's name that the trail keeps

# Returns what is at an address, at most so many bytes; raises MediaError.
Fetch = Callable[[str, int], Awaitable[bytes]]


async def no_files(_: str, __: int) -> bytes:
    """Get no file."""
    raise FileGoneError("There are no files.")


class Imports:
    """The service behind `/veo-admin export` and `import`.

    Args:
        models: those that the bot offers; settings have to leave one of them.
        fetch: gets what moderators upload.
    """

    def __init__(
        self, decisions: Decisions, models: Sequence[Model] = CATALOGUE, fetch: Fetch = no_files
    ) -> None:
        self._decisions = decisions
        self._models = models
        self._fetch = fetch

    async def export(self, guild_id: int, names: ServerNames) -> bytes:
        """Return a server's rules as a file."""
        policy = await self._decisions.database.read(
            lambda session: fetch_policy(session, guild_id), hurried=True
        )
        return write_rules(policy, names)

    async def read(self, url: str, size: int, here: ServerNames) -> Imported:
        """Return what an uploaded file means on a server; nothing is saved.

        Raises:
            BadInputError: it is too large, can't be fetched, or isn't such a file.
        """
        if size > MAX_BYTES:
            raise BadInputError(_("This file is too large to be from `/veo-admin export`. Nothing changed."))
        try:
            content = await self._fetch(url, MAX_BYTES)
        except MediaError as error:
            raise BadInputError(_("I couldn't get the file. Try again. Nothing changed.")) from error
        models = [model.id for model in self._models]
        return match_rules(read_rules(content), here, models, self._decisions.clock())

    def changed(self, imported: Imported, policy: Policy) -> Policy:
        """Return a server's document as it would be.

        Raises:
            BadInputError: there would be too many rules, or no video to ask for.
        """
        changed = imported.applied_to(policy, self._decisions.clock())
        if imported.fields & LIMITING:
            ensure_possible(self._models, changed)
        return changed

    async def save(self, by: Moderator, imported: Imported, first: Work[None] = nothing_first) -> None:
        """Save it all, as one decision; `first`: as of `bot.moderation.rules.QuotaRules.set_limits`.

        Raises:
            BadInputError: as `changed`.
        """
        event = AuditEvent(Action.IMPORT, import_subject(imported.server))

        def decide(session: Session) -> None:
            first(session)
            old = fetch_policy(session, by.guild_id)
            new = self.changed(imported, old)
            self._decisions.change_policy_in(session, by, event, lambda _: new, snapshot_of_import(old, new))
            if "moderators_channel_id" in imported.fields and new.moderators_channel_id is not None:
                show_waiting_reports(session, by.guild_id, self._decisions.clock())

        await self._decisions.write(by, decide)


def import_subject(server: str) -> str:
    """Return how the trail names an import, by the server that the file is from."""
    return f"server:{shorten(clean(server), SERVER_LENGTH)}"
