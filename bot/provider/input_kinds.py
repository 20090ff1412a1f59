"""The kinds of input that a model makes a video from beside the prompt, and their names."""

from collections.abc import Mapping, Sequence
from enum import StrEnum
from typing import LiteralString

from bot.i18n import N_, _


class InputKind(StrEnum):
    """A kind of input beside the prompt."""

    TEXT = "text-to-video"
    IMAGE = "image-to-video"
    FRAMES = "first-last-image-to-video"
    REFERENCES = "reference-to-video"
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
    def counts(self) -> range:
        """The numbers of files that it can be made from."""
        return COUNTS[self]

    @property
    def rank(self) -> int:
        """Its position among all kinds: what is made from less comes first."""
        return list(InputKind).index(self)

    def may_become(self, other: "InputKind") -> bool:
        """Whether what was given so far, with more images, is what `other` is made from."""
        if self is InputKind.TEXT or self is other:
            return True
        return other is InputKind.FRAMES and self is InputKind.IMAGE

    def placed(self, files: Sequence[str]) -> dict[str, str | list[str]]:
        """Return the fields of the request body with the files in them.

        Raises:
            ValueError: it's made from fewer files, or from more.
        """
        if len(files) not in self.counts:
            raise ValueError(f"{self} from {len(files)} files")
        if self is InputKind.REFERENCES:
            return {name: list(files) for name in self.fields}
        return dict(zip(self.fields, files, strict=True))

    @property
    def source(self) -> str:
        """The input in words that can follow "a video"; empty: nothing but words."""
        return _(SOURCES[self])


# Those that follow from how many images are given; references are given as such, and what goes on from a
# video has a button of its own.
BY_IMAGES = (InputKind.TEXT, InputKind.IMAGE, InputKind.FRAMES)
MAX_REFERENCES = 3
COUNTS: Mapping[InputKind, range] = {
    InputKind.TEXT: range(1),
    InputKind.IMAGE: range(1, 2),
    InputKind.FRAMES: range(2, 3),
    InputKind.REFERENCES: range(1, MAX_REFERENCES + 1),
    InputKind.VIDEO: range(1, 2),
}
IMAGE_FIELDS: Mapping[InputKind, tuple[str, ...]] = {
    InputKind.TEXT: (),
    InputKind.IMAGE: ("image_url",),
    InputKind.FRAMES: ("image_url", "last_image_url"),
    InputKind.REFERENCES: ("image_urls",),
    InputKind.VIDEO: (),
}
SOURCES: Mapping[InputKind, LiteralString] = {
    InputKind.TEXT: "",
    InputKind.IMAGE: N_("from an image"),
    InputKind.FRAMES: N_("from two images"),
    InputKind.REFERENCES: N_("from reference images"),
    InputKind.VIDEO: N_("from another video"),
}
LABELS: Mapping[InputKind, LiteralString] = {
    InputKind.TEXT: "{family}",
    InputKind.IMAGE: N_("{family} from an image"),
    InputKind.FRAMES: N_("{family} from two images"),
    InputKind.REFERENCES: N_("{family} from reference images"),
    InputKind.VIDEO: N_("{family} from another video"),
}
NEEDS_MORE: Mapping[InputKind, LiteralString] = {
    InputKind.IMAGE: N_("{model} needs an image."),
    InputKind.FRAMES: N_("{model} needs two images."),
    InputKind.REFERENCES: N_("{model} needs reference images."),
}
CANNOT: Mapping[InputKind, LiteralString] = {
    InputKind.TEXT: N_("{family} can't make a video from text alone. Choose {others}."),
    InputKind.IMAGE: N_("{family} can't make a video from an image. Choose {others}."),
    InputKind.FRAMES: N_("{family} can't make a video from two images. Choose {others}."),
    InputKind.REFERENCES: N_("{family} can't make a video from reference images. Choose {others}."),
}
