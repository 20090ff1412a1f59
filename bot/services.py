"""The services that commands may call: one object for the cogs, filled by the composition root."""

from dataclasses import dataclass

from bot.admission.cooldown import Cooldown, Lateness
from bot.admission.entitlement import Entitlements
from bot.doctor.checks import Checkup
from bot.films.redoing import Redoing
from bot.films.service import Films
from bot.home.overview import Home
from bot.jobs.cancellation import Cancellation
from bot.library.history import History
from bot.library.removal import Removal
from bot.library.reposts import Reposts
from bot.moderation.appeals import Appeals
from bot.moderation.importing import Imports
from bot.moderation.reports import Reports
from bot.moderation.reviews import Reviews
from bot.moderation.rules import QuotaRules
from bot.moderation.service import Moderation
from bot.moderation.strikes import Strikes
from bot.moderation.undo import Undo
from bot.preview.service import Previews
from bot.privacy.service import Privacy
from bot.provider.catalogue import Model
from bot.requests.continuing import Continuations
from bot.requests.model_choices import ModelChoices
from bot.requests.quotes import Quotes
from bot.requests.service import GenerationService
from bot.usage.reports import UsageReports


@dataclass(frozen=True, slots=True)
class Services:
    """The services, each for one side of the product; `models`: those that may be asked for, in order."""

    models: tuple[Model, ...]
    films: Films
    redoing: Redoing
    generations: GenerationService
    quotes: Quotes
    model_choices: ModelChoices
    cancellation: Cancellation
    history: History
    removal: Removal
    reposts: Reposts
    continuations: Continuations
    entitlements: Entitlements
    rules: QuotaRules
    previews: Previews
    imports: Imports
    moderation: Moderation
    strikes: Strikes
    undo: Undo
    usage: UsageReports
    reports: Reports
    appeals: Appeals
    reviews: Reviews
    privacy: Privacy
    checkup: Checkup
    cooldown: Cooldown
    lateness: Lateness
    home: Home
