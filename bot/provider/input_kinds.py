"""What a model makes a video from, beside the prompt, and how that is said."""

from collections.abc import Mapping
from enum import StrEnum
from typing import LiteralString

from bot.i18n import N_, _


class InputKind(StrEnum):
    """What a model makes a video from, beside the prompt."""

    TEXT = "text-to-video"
    IMAGE = "image-to-video"
    FRAMES = "first-last-image-to-video"
    VIDEO = "extend-video"

    @property
    def image_fields(self) -> tuple[str, ...]:
        """The fields of the request body that hold the images; all are required."""
        return IMAGE_FIELDS[self]

    @property
    def fields(self) -> tuple[str, ...]:
        """The fields of the request body that hold files, images or not; all are required."""
        return ("video_url",) if self is InputKind.VIDEO else self.image_fields

    @property
    def source(self) -> str:
        """What it is made from, in words that can follow "a video"; empty: nothing but words."""
        return _(SOURCES[self])


# Those that follow from how many images are given; the others have buttons of their own.
BY_IMAGES = (InputKind.TEXT, InputKind.IMAGE, InputKind.FRAMES)
IMAGE_FIELDS: Mapping[InputKind, tuple[str, ...]] = {
    InputKind.TEXT: (),
    InputKind.IMAGE: ("image_url",),
    InputKind.FRAMES: ("image_url", "last_image_url"),
    InputKind.VIDEO: (),
}
SOURCES: Mapping[InputKind, LiteralString] = {
    InputKind.TEXT: "",
    InputKind.IMAGE: N_("from an image"),
    InputKind.FRAMES: N_("from two images"),
    InputKind.VIDEO: N_("from another video"),
}
LABELS: Mapping[InputKind, LiteralString] = {
    InputKind.TEXT: "{family}",
    InputKind.IMAGE: N_("{family} from an image"),
    InputKind.FRAMES: N_("{family} from two images"),
    InputKind.VIDEO: N_("{family} from another video"),
}
NEEDS_MORE: Mapping[InputKind, LiteralString] = {
    InputKind.IMAGE: N_("{model} needs an image."),
    InputKind.FRAMES: N_("{model} needs two images."),
}
CANNOT: Mapping[InputKind, LiteralString] = {
    InputKind.TEXT: N_("{family} can't make a video from text alone. Choose {others}."),
    InputKind.IMAGE: N_("{family} can't make a video from an image. Choose {others}."),
    InputKind.FRAMES: N_("{family} can't make a video from two images. Choose {others}."),
}
