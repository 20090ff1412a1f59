"""The provider's word on how long generations take at present. Pure.

Source: "Model metrics" in the provider's API reference.
"""

from typing import Annotated

from pydantic import Field, WrapValidator

from bot.provider.wire import Wire, none_if_odd

Milliseconds = Annotated[float, Field(gt=0, allow_inf_nan=False)]


class Durations(Wire):
    """Percentiles of the model's recent successes, in milliseconds."""

    p50: Milliseconds
    p75: Milliseconds
    p90: Milliseconds
    p99: Milliseconds

    @property
    def seconds(self) -> tuple[float, float, float, float]:
        """The four percentiles in seconds, the lowest first."""
        return self.p50 / 1000, self.p75 / 1000, self.p90 / 1000, self.p99 / 1000


class Measured(Wire):
    """The measures of a model."""

    duration_ms: Durations


class MeasuredModel(Wire):
    """One row: a model at one address of the provider's; odd measures are None."""

    alias: str
    metrics: Annotated[Measured | None, WrapValidator(none_if_odd)] = None


class MetricsPage(Wire):
    """The provider's measures; a model without a recent success is absent, odd rows are None."""

    models: list[Annotated[MeasuredModel | None, WrapValidator(none_if_odd)]]

    def durations_of(self, model_id: str) -> Durations | None:
        """Return the model's percentiles, or None."""
        for row in self.models:
            if row is not None and row.alias == model_id and row.metrics is not None:
                return row.metrics.duration_ms
        return None
