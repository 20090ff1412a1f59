"""Estimates of how long videos take, by model and options: for the polls and for the cards.

Learnt from this bot's own videos, told anew from the database at the start. Before there are any, the
provider's measures of the model hold, and before those are there, what its documents say.
"""

import asyncio
from collections import defaultdict
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from math import ceil, log

from sqlalchemy import select
from sqlalchemy.orm import Session, load_only

from bot.db.database import Database
from bot.db.models import Generation, Status, sent_at
from bot.eta.eta import Eta
from bot.eta.forecast import Finish, Forecast
from bot.eta.pacing import MAX_POLL_DELAY, MIN_POLL_DELAY, PollPlan, retry_delay
from bot.eta.prior import Prior, documented_prior, metrics_prior
from bot.eta.refresh import Refresher
from bot.provider.catalogue import ALL_MODELS, OptionValue, get_model
from bot.provider.client import VeoClient

DECISIVE_OPTIONS = ("duration", "resolution", "generate_audio")  # what the provider's work goes by
MAX_LOADED = 200  # finishes of each kind; older ones hardly count any more
SCANNED = 2000  # rows read at the start, the last ones finished
LOAD_INTERVAL = 600.0  # seconds
METRICS_INTERVAL = 600.0  # seconds; the provider's measures are of the last hour or so
SPREAD_STEP = 1.25  # by which intervals grow with the load, so that plans can be shared
EXPECTED_SHARE = 0.75  # of the videos are ready by the time that is shown: later is really unusual

_OF_FINISHES = (  # what is read of each row
    Generation.model,
    Generation.options,
    Generation.created_at,
    Generation.submitted_at,
    Generation.not_ready_at,
    Generation.finished_at,
)

Kind = tuple[str, tuple[OptionValue | None, ...]]  # a model, and what was chosen of `DECISIVE_OPTIONS`


@dataclass(frozen=True, slots=True)
class Course:
    """The forecast and poll plans of one kind of video.

    Attributes:
        plans: when to ask, by the interval that decides how often; made when they are needed.
    """

    forecast: Forecast
    plans: dict[float, PollPlan] = field(default_factory=dict[float, PollPlan])

    def plan(self, interval: float) -> PollPlan:
        """Return when to ask, about as often in all as at a fixed interval."""
        if interval not in self.plans:
            self.plans[interval] = PollPlan(self.forecast, interval)
        return self.plans[interval]


class DurationEstimator:
    """One object for the program, in memory.

    Args:
        interval: seconds; about as many questions are asked as at this fixed interval.
        rate: questions that can be asked in a second; with more generations than it allows the interval for,
            all are asked about more rarely, so that nobody's questions come late.
        deadline: after which no video is waited for any more.
        max_running: how many are at the provider at once.
    """

    def __init__(self, *, interval: float, rate: float, deadline: timedelta, max_running: int) -> None:
        self._interval = interval
        self._rate = rate
        self._deadline = deadline
        self._max_running = max_running
        self._priors: dict[str, Prior] = {}  # by model, from the provider's measures
        self._courses: dict[Kind, Course] = {}
        self._learnt: dict[Kind, Sequence[Finish]] = {}

    def next_poll(self, generation: Generation, now: datetime, in_flight: int = 1) -> float:
        """Return the seconds until the next question about a video that was asked about just now.

        `in_flight`: how many generations this process asks about.
        """
        plan = self._course(kind_of(generation)).plan(self._interval_for(in_flight))
        return plan.next_poll(_age(generation, now))

    def first_poll(self, generation: Generation, now: datetime, in_flight: int = 1) -> float:
        """Return the seconds until the first question by this process: 0 where an earlier one was due."""
        plan = self._course(kind_of(generation)).plan(self._interval_for(in_flight))
        first = plan.next_poll(0)
        return min(max(first - _age(generation, now), 0.0), first)

    def _interval_for(self, in_flight: int) -> float:
        min_interval = in_flight / self._rate
        if min_interval <= self._interval or self._interval <= MIN_POLL_DELAY:
            return self._interval
        steps = ceil(log(min_interval / self._interval) / log(SPREAD_STEP))
        return min(self._interval * SPREAD_STEP**steps, MAX_POLL_DELAY)

    def eta(self, generation: Generation, now: datetime) -> Eta:
        """Return what can be said of a video that is being made; after a restart it is the same."""
        ends_at = sent_at(generation) + self._deadline
        usual = self._course(kind_of(generation)).forecast.expected_finish(0, EXPECTED_SHARE)
        expected_at = None if usual is None else sent_at(generation) + timedelta(seconds=usual)
        if expected_at is None or expected_at >= ends_at:
            return Eta(ends_at=ends_at)
        eta = Eta(expected_at=expected_at, ends_at=ends_at)
        return eta.late() if eta.is_passed(now) else eta

    def eta_in_queue(self, generation: Generation, position: int, now: datetime) -> Eta:
        """Return what can be said of a video that waits: those before it go `max_running` at a time."""
        seconds = self._course(kind_of(generation)).forecast.expected_finish(0)
        if seconds is None:
            return Eta(position)
        return Eta(position, now + timedelta(seconds=seconds * (1 + position / self._max_running)))

    def eta_in_rounds(self, generation: Generation, position: int, now: datetime) -> Eta:
        """Return the same where those at the provider begin together, and so end together, too."""
        usual = self._course(kind_of(generation)).forecast.expected_finish(0, EXPECTED_SHARE)
        if usual is None:
            return Eta(position)
        return Eta(position, now + timedelta(seconds=usual * (1 + ceil(position / self._max_running))))

    def learn(self, generation: Generation) -> None:
        """Take a video that has just come into account."""
        kind = kind_of(generation)
        self._set(kind, self._course(kind).forecast.after_finish(finish_of(generation)))

    def learn_from(self, finishes: Mapping[Kind, Sequence[Finish]]) -> None:
        """Learn from earlier videos, each kind's oldest first, in place of what was learnt of the kind.

        A kind of which the same was told before is left out: what was learnt since then was told, too.
        """
        for kind, known in finishes.items():
            if known == self._learnt.get(kind):
                continue
            self._learnt[kind] = known
            forecast = Forecast(self._priors.get(kind[0]) or documented_prior())
            for finish in known:
                forecast = forecast.after_finish(finish)
            self._set(kind, forecast)

    def believe(self, model_id: str, prior: Prior) -> None:
        """Take the provider's measures of a model in place of what was believed before."""
        self._priors[model_id] = prior
        for kind, course in list(self._courses.items()):
            if kind[0] == model_id:
                self._set(kind, course.forecast.with_prior(prior))

    def _course(self, kind: Kind) -> Course:
        course = self._courses.get(kind)
        if course is None:
            course = self._set(kind, Forecast(self._priors.get(kind[0]) or documented_prior()))
        return course

    def _set(self, kind: Kind, forecast: Forecast) -> Course:
        course = self._courses[kind] = Course(forecast)
        return course


def provider_stats(
    estimator: DurationEstimator,
    veo: VeoClient,
    stopping: asyncio.Event,
    *,
    interval: float = METRICS_INTERVAL,
    retry: Callable[[int], float] = retry_delay,
) -> Refresher:
    """Return what keeps the estimator's beliefs fresh by the provider's measures of each model."""

    async def fetch() -> None:
        for model in ALL_MODELS:
            durations = await veo.fetch_durations(model.id)
            prior = durations and metrics_prior(*durations.seconds)
            if prior is not None:
                estimator.believe(model.id, prior)

    return Refresher("measures", fetch, stopping, interval=interval, retry=retry)


def history_loader(
    estimator: DurationEstimator,
    database: Database,
    stopping: asyncio.Event,
    *,
    interval: float = LOAD_INTERVAL,
) -> Refresher:
    """Return what keeps the estimator up to what other processes learn, by reading it from the database."""

    async def load() -> None:
        estimator.learn_from(await load_finishes(database))

    return Refresher("durations of videos", load, stopping, interval=interval)


async def load_finishes(database: Database) -> dict[Kind, list[Finish]]:
    """Return how long this bot's last videos took, by kind, the oldest first."""
    query = (
        select(Generation)
        .where(
            Generation.status == Status.SUCCEEDED,
            Generation.submitted_at.is_not(None),
            Generation.finished_at.is_not(None),
        )
        .order_by(Generation.finished_at.desc())
        .limit(SCANNED)
        .options(load_only(*_OF_FINISHES, raiseload=True))
    )

    def load(session: Session) -> dict[Kind, list[Finish]]:
        found: defaultdict[Kind, list[Finish]] = defaultdict(list)
        for generation in session.scalars(query):
            if len(known := found[kind_of(generation)]) < MAX_LOADED:
                known.append(finish_of(generation))
        return {kind: known[::-1] for kind, known in found.items()}

    return await database.read(load)


def kind_of(generation: Generation) -> Kind:
    """Return what decides how long a generation takes: what is really made, defaults included."""
    model = get_model(generation.model)
    values: list[OptionValue | None] = []
    for name in DECISIVE_OPTIONS:
        option = model and model.option(name)
        values.append(generation.options.get(name, option.default if option else None))
    return generation.model, tuple(values)


def finish_of(generation: Generation) -> Finish:
    """Return what is known of the end of a generation that succeeded."""
    by = _age(generation, generation.finished_at or generation.created_at)
    after = _age(generation, generation.not_ready_at) if generation.not_ready_at else 0.0
    return Finish(max(after, 0.0), max(by, 0.0))


def _age(generation: Generation, now: datetime) -> float:
    """Return the seconds since the generation was sent."""
    return (now - sent_at(generation)).total_seconds()
