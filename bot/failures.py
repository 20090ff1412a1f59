"""Why a generation ended without a video, in words for the member. None of these count towards a limit."""

from collections.abc import Mapping
from enum import StrEnum
from typing import LiteralString

from bot.language import N_, _


class FailureKind(StrEnum):
    """The kinds of failure; the sentences and the advice for each are below."""

    REFUSED = "refused"
    UNTAKEN = "untaken"
    UNMADE = "unmade"
    LATE = "late"
    LOST = "lost"
    MODEL_GONE = "model_gone"
    FILE_LOST = "file_lost"
    PICTURE_GONE = "picture_gone"
    PICTURE_BAD = "picture_bad"
    PICTURE_SIZE = "picture_size"
    BROKEN = "broken"

    @property
    def sentence(self) -> str:
        """What happened."""
        return _(SENTENCES[self])

    @property
    def advice(self) -> str:
        """What the member can do now."""
        return _(ADVICE[self])


# The pictures themselves were of no use, so the same ones are not asked with again.
BAD_PICTURES = frozenset({FailureKind.PICTURE_GONE, FailureKind.PICTURE_BAD, FailureKind.PICTURE_SIZE})

SENTENCES: Mapping[FailureKind, LiteralString] = {
    FailureKind.REFUSED: N_("The video service refused the request."),
    FailureKind.UNTAKEN: N_("The video service did not take the request within 24 hours."),
    FailureKind.UNMADE: N_("The video service could not make this video."),
    FailureKind.LATE: N_("The video service did not finish in time."),
    FailureKind.LOST: N_(
        "The request was lost on the way to the video service; as far as we can see, nothing was charged."
    ),
    FailureKind.MODEL_GONE: N_("The model you chose is not offered any more."),
    FailureKind.FILE_LOST: N_("The video was made, but its file could not be fetched."),
    FailureKind.PICTURE_GONE: N_("The picture could not be fetched from Discord."),
    FailureKind.PICTURE_BAD: N_(
        "The file is no still picture in PNG, JPEG or WebP format, or it is damaged."
    ),
    FailureKind.PICTURE_SIZE: N_("The picture is too large or too small."),
    FailureKind.BROKEN: N_("Something went wrong on our side."),
}

ADVICE: Mapping[FailureKind, LiteralString] = {
    FailureKind.REFUSED: N_("Change the prompt or the options and try again."),
    FailureKind.UNTAKEN: N_("Please try again later, or ask a moderator what is wrong."),
    FailureKind.UNMADE: N_("Often another wording helps: avoid real people, brands and violence."),
    FailureKind.LATE: N_("If the video comes after all, it is posted here, and counts then."),
    FailureKind.LOST: N_("Please try again."),
    FailureKind.MODEL_GONE: N_("Please choose another one."),
    FailureKind.FILE_LOST: N_("Please try again; if it happens again, tell a moderator."),
    FailureKind.PICTURE_GONE: N_("Please try again with the picture itself."),
    FailureKind.PICTURE_BAD: N_("Please try again with another picture; a screenshot of it works too."),
    FailureKind.PICTURE_SIZE: N_(
        "It may have at most 8 MiB and 40 megapixels, and at least 64 pixels each way."
    ),
    FailureKind.BROKEN: N_("Please try again; if it happens again, tell a moderator the number below."),
}
