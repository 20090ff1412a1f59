"""What the commands may call: one object for the cogs, filled by the composition root."""

from dataclasses import dataclass

from bot.admission.allowance import Allowances
from bot.admission.cooldown import Cooldown
from bot.drafts import Drafts
from bot.generations import GenerationService
from bot.moderation.checkup import Checkup
from bot.moderation.reports import Reports
from bot.moderation.rules import QuotaRules
from bot.moderation.service import Moderation
from bot.privacy.service import Privacy
from bot.results.history import History
from bot.results.removal import Removal
from bot.results.reposts import Reposts
from bot.usage.reports import UsageReports
from bot.work.cancellation import Cancellation


@dataclass(frozen=True, slots=True)
class Services:
    """The services, each for one side of the product."""

    generations: GenerationService
    drafts: Drafts
    cancellation: Cancellation
    history: History
    removal: Removal
    reposts: Reposts
    allowances: Allowances
    rules: QuotaRules
    moderation: Moderation
    usage: UsageReports
    reports: Reports
    privacy: Privacy
    checkup: Checkup
    cooldown: Cooldown
