"""Why a generation ended without a video, in words for the member.

None of these count towards a limit, but for a video that was made and that moderators kept from being posted.
"""

from collections.abc import Mapping
from enum import StrEnum
from typing import LiteralString

from bot.i18n import N_, _


class FailureKind(StrEnum):
    """The kinds of failure; the sentences and the advice for each are below."""

    REFUSED = "refused"  # the create call was answered with a refusal of this request
    UNTAKEN = "untaken"  # the account, or the provider as a whole, took no create call for a day
    UNMADE = "unmade"  # it was taken, and then failed
    LATE = "late"  # it was taken, and was not ready by the deadline
    LOST = "lost"  # the answer to the create call was lost, and nothing shows whether it was taken
    GONE = "gone"  # it was taken, and is not known any more
    TROUBLE = "trouble"  # each create call failed on the provider's side
    MODEL_GONE = "model_gone"  # the provider has its model no longer
    FILE_LOST = "file_lost"  # it was made, and the file could not be fetched
    IMAGE_GONE = "picture_gone"  # Discord has its image no longer
    IMAGE_BAD = "picture_bad"  # its image cannot be read
    IMAGE_SIZE = "picture_size"  # its image is too large or too small for any model
    IMAGE_SMALL = "picture_small"  # its image is too small for this model
    VIDEO_GONE = "video_gone"  # the video that it goes on from is gone, or couldn't be had for long
    SHOT_BEFORE = "shot_before"  # a film's shots were to be redone, and the one before was not made
    FRAME_GONE = "frame_gone"  # a film's shot was to be redone, and no frame that it begins with is left
    UNSHOWN = "unshown"  # no card could be posted, so it was not sent
    DECLINED = "declined"  # a moderator looked at it before it was sent or posted, and didn't want it
    UNREVIEWED = "unreviewed"  # no moderator looked at it in time
    MEMBER_LEFT = "member_left"  # its member left the server before a moderator looked at it
    BROKEN = "broken"  # an error that nobody foresaw

    @property
    def sentence(self) -> str:
        """The sentence that says what happened."""
        return _(SENTENCES[self])

    @property
    def advice(self) -> str:
        """The advice to the member."""
        return _(ADVICE[self])

    def advice_by(self, *, has_others: bool | None, is_shot: bool = False) -> str:
        """Return what the member can do now; `has_others`: another model could make the video.

        There's nothing to say where that is None: it isn't up to the models.
        `is_shot`: it's a film's shot, which no model can be chosen for.
        """
        if has_others is None:
            return ""
        if not has_others and self in ADVICE_WITHOUT_OTHERS:
            return _(ADVICE_WITHOUT_OTHERS[self])
        return _(ADVICE_FOR_SHOTS.get(self, ADVICE[self])) if is_shot else self.advice


# What ends before it's sent or posted, by or without a moderator's decision.
REVIEWED = frozenset({FailureKind.DECLINED, FailureKind.UNREVIEWED, FailureKind.MEMBER_LEFT})

# The same, of a video that was made: it's never posted, and it counts.
WITHHELD: Mapping[FailureKind, LiteralString] = {
    FailureKind.DECLINED: N_("Your video was made, but a moderator declined it, so I didn't post it."),
    FailureKind.UNREVIEWED: N_(
        "Your video was made, but no moderator approved it within 24 hours, so I didn't post it."
    ),
    FailureKind.MEMBER_LEFT: N_(
        "The video was made, but the member left the server before a moderator approved it, so I didn't post "
        "it."
    ),
}

# What is said in place of the advice while the provider is still asked for the video.
STILL_ASKED = N_(
    "I'll keep checking. If the video is finished after all, I'll post it here, and it will count then."
)

# The images themselves were of no use, so the same ones are not asked with again.
BAD_IMAGES = frozenset({FailureKind.IMAGE_GONE, FailureKind.IMAGE_BAD, FailureKind.IMAGE_SIZE})

# The provider charges for no failure of its own; these are ours, after it made the video, or while it did.
PAID_ALL_THE_SAME = frozenset({FailureKind.FILE_LOST, FailureKind.BROKEN})

SENTENCES: Mapping[FailureKind, LiteralString] = {
    FailureKind.REFUSED: N_("The video service rejected the request."),
    FailureKind.UNTAKEN: N_("The video service didn't accept the request within 24 hours."),
    FailureKind.UNMADE: N_("The video service couldn't make this video."),
    FailureKind.LATE: N_("The video service didn't finish in time."),
    FailureKind.LOST: N_(
        "I didn't get the video service's answer, so I don't know whether it's making the video."
    ),
    FailureKind.GONE: N_("The video service can't find this video anymore."),
    FailureKind.TROUBLE: N_("The video service had a problem and didn't accept the request."),
    FailureKind.MODEL_GONE: N_("The model you chose is no longer available."),
    FailureKind.FILE_LOST: N_("The video was made, but I couldn't download it."),
    FailureKind.IMAGE_GONE: N_("I couldn't get the image from Discord."),
    FailureKind.IMAGE_BAD: N_("That file isn't a PNG, JPEG or WebP image, or it's damaged."),
    FailureKind.IMAGE_SIZE: N_("The image is too large or too small."),
    FailureKind.IMAGE_SMALL: N_("The image is too small for this model."),
    FailureKind.VIDEO_GONE: N_("I couldn't get the video that this one continues."),
    FailureKind.SHOT_BEFORE: N_("The new shot before this one wasn't made, so I didn't send this one."),
    FailureKind.FRAME_GONE: N_(
        "I couldn't get the last frame of the shot before this one, so I didn't send this one."
    ),
    FailureKind.UNSHOWN: N_("I couldn't show your request in the channel, so I didn't send it."),
    FailureKind.DECLINED: N_("A moderator declined this request."),
    FailureKind.UNREVIEWED: N_("No moderator approved this request within 24 hours."),
    FailureKind.MEMBER_LEFT: N_("The member left the server before a moderator approved this request."),
    FailureKind.BROKEN: N_("Something went wrong on our side."),
}

ADVICE: Mapping[FailureKind, LiteralString] = {
    FailureKind.REFUSED: N_("Change the prompt or the options and try again."),
    FailureKind.UNTAKEN: N_("Try again later, or ask a moderator what's wrong."),
    FailureKind.UNMADE: N_("Rewording often helps; avoid real people, brands and violence."),
    FailureKind.LATE: N_("Try again later."),
    FailureKind.LOST: N_("Try again later."),
    FailureKind.GONE: N_("Try again later."),
    FailureKind.TROUBLE: N_("Try again in a few minutes."),
    FailureKind.MODEL_GONE: N_("Choose another one."),
    FailureKind.FILE_LOST: N_("Try again. If it happens again, tell a moderator."),
    FailureKind.IMAGE_GONE: N_("Try again and attach the image itself."),
    FailureKind.IMAGE_BAD: N_("Try again with another image; a screenshot of it works too."),
    FailureKind.IMAGE_SIZE: N_(
        "An image can be up to 8 MiB and 40 megapixels, and must be at least 64 pixels wide and high."
    ),
    FailureKind.IMAGE_SMALL: N_(
        "Use one that is at least 720 pixels wide and high, or choose another model."
    ),
    FailureKind.VIDEO_GONE: N_(
        "If that video is still there, try again later. If it was removed, continue or extend another one."
    ),
    FailureKind.SHOT_BEFORE: N_("Redo the shot before it first."),
    FailureKind.FRAME_GONE: N_("Redo the shot before it first."),
    FailureKind.UNSHOWN: N_("Try again later or in another channel."),
    FailureKind.DECLINED: N_("Change the prompt, or ask a moderator why."),
    FailureKind.UNREVIEWED: N_("Ask a moderator, then try again."),
    FailureKind.MEMBER_LEFT: N_("Once you're back, try again."),
    FailureKind.BROKEN: N_("Try again. If it happens again, give a moderator the ID below."),
}

# In place of the above for a film's shot, whose button takes another prompt and nothing else.
ADVICE_FOR_SHOTS: Mapping[FailureKind, LiteralString] = {
    FailureKind.REFUSED: N_("Change the prompt and try again. To change the options, remix the film."),
    FailureKind.IMAGE_GONE: N_("Use `/film` and attach the image again."),
    FailureKind.IMAGE_BAD: N_("Use `/film` with another image; a screenshot of it works too."),
    FailureKind.UNSHOWN: N_("Try again later."),
    FailureKind.MODEL_GONE: N_("You can make this shot with another one."),
    FailureKind.VIDEO_GONE: N_("Redo this shot. If the shot before it was removed, redo that one first."),
}

# In place of the above where no other model could make the video.
ADVICE_WITHOUT_OTHERS: Mapping[FailureKind, LiteralString] = {
    FailureKind.MODEL_GONE: N_(
        "None of the other models you can use here can make such a video. Try again later."
    ),
    FailureKind.IMAGE_SMALL: N_("Use one that is at least 720 pixels wide and high."),
}
