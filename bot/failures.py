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
    GONE = "gone"
    TROUBLE = "trouble"
    MODEL_GONE = "model_gone"
    FILE_LOST = "file_lost"
    PICTURE_GONE = "picture_gone"
    PICTURE_BAD = "picture_bad"
    PICTURE_SIZE = "picture_size"
    UNSHOWN = "unshown"
    BROKEN = "broken"

    @property
    def sentence(self) -> str:
        """What happened."""
        return _(SENTENCES[self])

    @property
    def advice(self) -> str:
        """What the member can do now."""
        return _(ADVICE[self])


# What is said in place of the advice while the provider is still asked for the video.
STILL_ASKED = N_("I keep asking for it. If the video comes after all, it is posted here, and counts then.")

# The pictures themselves were of no use, so the same ones are not asked with again.
BAD_PICTURES = frozenset({FailureKind.PICTURE_GONE, FailureKind.PICTURE_BAD, FailureKind.PICTURE_SIZE})

# The provider charges for no failure of its own; these are ours, after it made the video, or while it did.
PAID_ALL_THE_SAME = frozenset({FailureKind.FILE_LOST, FailureKind.BROKEN})

SENTENCES: Mapping[FailureKind, LiteralString] = {
    FailureKind.REFUSED: N_("The video service refused the request."),
    FailureKind.UNTAKEN: N_("The video service did not take the request within 24 hours."),
    FailureKind.UNMADE: N_("The video service could not make this video."),
    FailureKind.LATE: N_("The video service did not finish in time."),
    FailureKind.LOST: N_(
        "The video service's answer got lost, so I cannot tell whether it is making the video."
    ),
    FailureKind.GONE: N_("The video service does not find this video any more."),
    FailureKind.TROUBLE: N_("The video service had trouble and did not take the request."),
    FailureKind.MODEL_GONE: N_("The model you chose is not offered any more."),
    FailureKind.FILE_LOST: N_("The video was made, but its file could not be fetched."),
    FailureKind.PICTURE_GONE: N_("The picture could not be fetched from Discord."),
    FailureKind.PICTURE_BAD: N_(
        "The file is no still picture in PNG, JPEG or WebP format, or it is damaged."
    ),
    FailureKind.PICTURE_SIZE: N_("The picture is too large or too small."),
    FailureKind.UNSHOWN: N_("I couldn't show your request in the channel, so I didn't send it."),
    FailureKind.BROKEN: N_("Something went wrong on our side."),
}

ADVICE: Mapping[FailureKind, LiteralString] = {
    FailureKind.REFUSED: N_("Change the prompt or the options and try again."),
    FailureKind.UNTAKEN: N_("Please try again later, or ask a moderator what is wrong."),
    FailureKind.UNMADE: N_("Often another wording helps: avoid real people, brands and violence."),
    FailureKind.LATE: N_("Please try again later."),
    FailureKind.LOST: N_("Please try again later."),
    FailureKind.GONE: N_("Please try again later."),
    FailureKind.TROUBLE: N_("Please try again in a few minutes."),
    FailureKind.MODEL_GONE: N_("Please choose another one."),
    FailureKind.FILE_LOST: N_("Please try again; if it happens again, tell a moderator."),
    FailureKind.PICTURE_GONE: N_("Please try again with the picture itself."),
    FailureKind.PICTURE_BAD: N_("Please try again with another picture; a screenshot of it works too."),
    FailureKind.PICTURE_SIZE: N_(
        "It may have at most 8 MiB and 40 megapixels, and at least 64 pixels each way."
    ),
    FailureKind.UNSHOWN: N_("Try again later or in another channel."),
    FailureKind.BROKEN: N_("Please try again; if it happens again, tell a moderator the number below."),
}
