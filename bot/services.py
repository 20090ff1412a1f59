"""What the commands may call: one object for the cogs, filled by the composition root."""

from dataclasses import dataclass

from bot.allowance import Allowances
from bot.cancellation import Cancellation
from bot.checkup import Checkup
from bot.generations import GenerationService
from bot.history import History
from bot.moderation import Moderation
from bot.privacy import Privacy
from bot.removal import Removal
from bot.reports import Reports
from bot.reposts import Reposts
from bot.rules import QuotaRules
from bot.usage_reports import UsageReports


@dataclass(frozen=True, slots=True)
class Services:
    """The services, each for one side of the product."""

    generations: GenerationService
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
