"""The takes of a redo, inserted until one is refused. Pure."""

from dataclasses import dataclass

from bot.admission.context import AdmissionContext
from bot.errors import UserError
from bot.films.script import ShotPlan


@dataclass(frozen=True, slots=True)
class Trial:
    """The takes that were inserted, and what that rests on; `refusal`: why the next one wasn't."""

    ids: tuple[str, ...] = ()
    contexts: tuple[AdmissionContext, ...] = ()
    plans: tuple[ShotPlan, ...] = ()
    refusal: UserError | None = None

    def with_take(self, take_id: str, context: AdmissionContext, plan: ShotPlan) -> "Trial":
        """Return the trial with one take more."""
        return Trial((*self.ids, take_id), (*self.contexts, context), (*self.plans, plan))

    @property
    def prices(self) -> list[float | None]:
        """Return what each would cost, in credits; None: not known."""
        return [context.price for context in self.contexts]

    @property
    def models(self) -> list[str]:
        """Return the models that make them."""
        return [plan.video.model.id for plan in self.plans]
