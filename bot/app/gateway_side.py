"""The side that speaks with members: the client, its commands, the services, and the notices."""

from bot.admission.check_request import Admission
from bot.admission.cooldown import Cooldown, Lateness
from bot.admission.entitlement import Entitlements
from bot.admission.prices import PriceList
from bot.app.shared import Shared
from bot.db.state import SharedRateLimit
from bot.discord_client.client import ShardedVeoBot, VeoBot
from bot.doctor.checks import Checkup, sample_of
from bot.films.redoing import Redoing
from bot.films.service import Films
from bot.home.overview import Home
from bot.jobs.cancellation import Cancellation
from bot.jobs.position_updater import QueueEstimate
from bot.library.history import History
from bot.library.removal import Removal
from bot.library.reposts import Reposts
from bot.moderation.appeals import Appeals
from bot.moderation.decisions import Decisions
from bot.moderation.importing import Imports
from bot.moderation.reports import Reports
from bot.moderation.reviews import Reviews
from bot.moderation.rules import QuotaRules
from bot.moderation.service import Moderation
from bot.moderation.strikes import Strikes
from bot.moderation.undo import Undo
from bot.policy.store import RecentPolicies
from bot.preview.service import Previews
from bot.privacy.service import Privacy
from bot.requests.continuing import Continuations
from bot.requests.model_choices import ModelChoices
from bot.requests.quotes import Quotes
from bot.requests.service import GenerationService
from bot.services import Services
from bot.usage.reports import UsageReports


def build_gateway(shared: Shared) -> VeoBot:
    """Make the client with what its commands need; nothing is connected."""
    services = build_services(shared, shared.prices)
    shards = shared.settings.shards
    if shards is None:
        return VeoBot(database=shared.database, services=services)
    rate_limit = SharedRateLimit(shared.database)
    return ShardedVeoBot(database=shared.database, services=services, shards=shards, rate_limit=rate_limit)


def _build_continuations(shared: Shared, prices: PriceList) -> Continuations:
    stores = shared.stores
    return Continuations(
        shared.database,
        stores.videos,
        stores.last_frames,
        stores.whole_videos,
        models=shared.settings.offered_models,
        prices=prices,
        stopping=shared.signals.stopping,
    )


def _build_films(shared: Shared, admission: Admission, queue_estimate: QueueEstimate) -> Films:
    return Films(
        shared.database,
        admission=admission,
        queue_estimate=queue_estimate,
        work=shared.signals.work,
        stopping=shared.signals.stopping,
    )


def build_services(shared: Shared, prices: PriceList) -> Services:
    """Make what commands call; nothing runs yet."""
    database, signals, settings = shared.database, shared.signals, shared.settings
    daily_limit, models = settings.default_daily_limit, settings.offered_models
    decisions = Decisions(database)
    rules = QuotaRules(decisions, daily_limit=daily_limit)
    moderation = Moderation(decisions, models)
    imports = Imports(decisions, models, shared.stores.uploads.read)
    admission = Admission(prices, daily_limit=daily_limit, max_waiting=settings.max_waiting, models=models)
    generations = GenerationService(
        database, admission=admission, work=signals.work, stopping=signals.stopping
    )
    queue_estimate = QueueEstimate(shared.queue.line, shared.estimator)
    return Services(
        models=models,
        films=_build_films(shared, admission, queue_estimate),
        redoing=Redoing(
            database,
            admission=admission,
            queue_estimate=queue_estimate,
            work=signals.work,
            stopping=signals.stopping,
        ),
        generations=generations,
        quotes=Quotes(database, generations, admission, queue_estimate),
        model_choices=ModelChoices(models, prices, RecentPolicies(database)),
        cancellation=Cancellation(database, work=signals.work),
        history=History(database),
        removal=Removal(database),
        reposts=Reposts(database, shared.stores.videos),
        continuations=_build_continuations(shared, prices),
        entitlements=Entitlements(database, daily_limit=daily_limit, max_waiting=settings.max_waiting),
        rules=rules,
        previews=Previews(database, rules, imports, moderation, daily_limit=daily_limit),
        imports=imports,
        moderation=moderation,
        strikes=Strikes(decisions),
        undo=Undo(decisions, models),
        usage=UsageReports(database),
        reports=Reports(database),
        appeals=Appeals(database, keep=shared.keep),
        reviews=Reviews(database, work=signals.work),
        privacy=Privacy(database),
        checkup=Checkup(database, shared.veo, sample=sample_of(models)),
        cooldown=Cooldown(settings.max_actions),
        lateness=Lateness(),
        home=Home(database),
    )
