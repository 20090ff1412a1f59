"""Why a generation ended without a video, in words for the member. None of these count towards a limit."""

from enum import StrEnum


class FailureKind(StrEnum):
    """The kinds of failure; the sentences and the advice for each are below."""

    REFUSED = "refused"
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
        return SENTENCES[self]

    @property
    def advice(self) -> str:
        """What the member can do now."""
        return ADVICE[self]


SENTENCES = {
    FailureKind.REFUSED: "The video service refused the request.",
    FailureKind.UNMADE: "The video service could not make this video.",
    FailureKind.LATE: "The video service did not finish in time.",
    FailureKind.LOST: "The request was lost on the way to the video service; as far as we can see, "
    "nothing was charged.",
    FailureKind.MODEL_GONE: "The model you chose is not offered any more.",
    FailureKind.FILE_LOST: "The video was made, but its file could not be fetched.",
    FailureKind.PICTURE_GONE: "The picture could not be fetched from Discord.",
    FailureKind.PICTURE_BAD: "The file is no still picture in PNG, JPEG or WebP format, or it is damaged.",
    FailureKind.PICTURE_SIZE: "The picture is too large or too small.",
    FailureKind.BROKEN: "Something went wrong on our side.",
}

ADVICE = {
    FailureKind.REFUSED: "Change the prompt or the options and try again.",
    FailureKind.UNMADE: "Often another wording helps: avoid real people, brands and violence.",
    FailureKind.LATE: "If the video comes after all, it is posted here, and counts then.",
    FailureKind.LOST: "Please try again.",
    FailureKind.MODEL_GONE: "Please choose another one.",
    FailureKind.FILE_LOST: "Please try again; if it happens again, tell a moderator.",
    FailureKind.PICTURE_GONE: "Please try again with the picture itself.",
    FailureKind.PICTURE_BAD: "Please try again with another picture; a screenshot of it works too.",
    FailureKind.PICTURE_SIZE: "It may have at most 8 MiB and 40 megapixels, and at least 64 pixels each way.",
    FailureKind.BROKEN: "Please try again; if it happens again, tell a moderator the number below.",
}
