"""The buttons under a message with a video or an error."""

import discord

from bot.db.models import Generation, Status
from bot.db.review_models import is_withheld
from bot.failures import FailureKind
from bot.i18n import locale_used, pgettext
from bot.requests.repeats import is_known
from bot.requests.successors import Successor
from cogs.cards.film_buttons import RedoShotButton
from cogs.reports.buttons import ReportButton
from cogs.ui.items import Item, view_of
from cogs.videos.continue_button import ContinueButton, ExtendButton, is_extension
from cogs.videos.delete_buttons import DeleteButton
from cogs.videos.repeat_buttons import RemixButton, RerollButton, SuccessorButton, successor_label


def result_view(
    generation: Generation, instead: Successor | None = None, *, has_others: bool | None = True
) -> discord.ui.View:
    """Return the buttons for what became of the request, in the member's language.

    There are none where a moderator stopped it. `instead`: what can make the video where the model is gone;
    `has_others`: another model could.
    """
    with locale_used(generation.locale):
        match generation.status:
            case Status.SUCCEEDED if is_withheld(generation):
                return view_of(*_repeats(generation, pgettext("button", "Try again")))
            case Status.SUCCEEDED:
                return view_of(
                    *_repeats(generation),
                    *_next(generation),
                    DeleteButton(generation.id),
                    ReportButton(generation.id),
                )
            case Status.FAILED if generation.failure_kind is FailureKind.IMAGE_SMALL:
                # The same once more would be refused once more.
                return view_of(_other_model(generation) if has_others else None)
            case Status.FAILED if generation.film_id is not None:
                return view_of(_redo(generation, instead))
            case Status.FAILED if instead is not None:
                other = SuccessorButton(generation.id, instead.model.id, instead.price)
                return view_of(other, RemixButton(generation.id))
            case Status.FAILED if generation.failure_kind is FailureKind.MODEL_GONE and not has_others:
                return view_of(*_repeats(generation, pgettext("button", "Try again"))[:1])
            case Status.FAILED:
                return view_of(*_repeats(generation, pgettext("button", "Try again")))
            case _:
                return view_of()


def _next(generation: Generation) -> list[Item]:
    if generation.erased_at is not None:
        return []
    return [ContinueButton(generation.id), ExtendButton(generation.id)]


def _redo(generation: Generation, instead: Successor | None) -> Item | None:
    """Return what tries a shot again as a part of its film, and names the model that it then has."""
    if generation.film_id is None or generation.shot is None or generation.erased_at is not None:
        return None
    again = pgettext("button", "Try again")
    label = again if instead is None else successor_label(instead.model.id, instead.price)
    return RedoShotButton(generation.film_id, generation.shot, label)


def _other_model(generation: Generation) -> Item | None:
    """Return the form with another model to choose; a film's shots are all made by one family."""
    is_possible = generation.film_id is None and is_known(generation) and not is_extension(generation)
    return RemixButton(generation.id) if is_possible else None


def _repeats(generation: Generation, label: str | None = None) -> list[Item]:
    # Of images, it's the click that finds out whether Discord's links are dead.
    if not is_known(generation):
        return []
    again = RerollButton(generation.id) if label is None else RerollButton(generation.id, label)
    return [again] if is_extension(generation) else [again, RemixButton(generation.id)]
