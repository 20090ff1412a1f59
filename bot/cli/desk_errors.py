"""The errors with which a video in a terminal ends; each says what is left to do."""


class GenerateError(Exception):
    """There is no video; `str()` says why and what is left to do."""


class NotAcceptedError(GenerateError):
    """The provider certainly didn't accept the request, so asking once more can't pay for two videos."""


class UnmadeError(GenerateError):
    """The provider says, and said again, that it made no video. `reason`: why."""

    def __init__(self, reason: str, later: str) -> None:
        super().__init__(f"No video: {reason} {later}")
        self.reason = reason
