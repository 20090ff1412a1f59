"""`veo-bot generate`: one video in a terminal, without Discord."""

import codecs
import sys
from collections.abc import Mapping, Sequence
from functools import partial
from pathlib import Path
from typing import Annotated

import typer

from bot.cli.desk_errors import GenerateError
from bot.cli.exits import finish, stop
from bot.cli.video import NAME, files_of, generate_in_terminal, read_images, resume_in_terminal, target_named
from bot.log import configure_logging
from bot.provider.catalogue import (
    InvalidOptionError,
    OptionValue,
    VideoRequest,
    build_request,
)
from bot.provider.choosing import choose_model, find_model
from bot.provider.input_kinds import InputKind
from bot.provider_settings import ProviderSettings
from bot.settings import SettingsError, load_provider_settings

OUTPUT = typer.Option(
    "--output",
    "-o",
    parser=target_named,
    metavar="PATH",
    help="Where to save it; existing files aren't overwritten.",
)

app = typer.Typer()


@app.command()
def generate(
    prompt: Annotated[
        str | None, typer.Argument(help="Describe the video; - reads the prompt from standard input.")
    ] = None,
    model: Annotated[
        str | None, typer.Option(help="The model's name or ID.", show_default="the first that can")
    ] = None,
    image: Annotated[Path | None, typer.Option(help="An image to start from.")] = None,
    last_image: Annotated[Path | None, typer.Option(help="An image to end with.")] = None,
    reference: Annotated[
        list[Path] | None,
        typer.Option(help="A reference image: who or what to show; up to three times, without the above."),
    ] = None,
    duration: Annotated[int | None, typer.Option(help="Seconds: 4, 6 or 8.")] = None,
    aspect_ratio: Annotated[str | None, typer.Option(help="16:9 or 9:16.")] = None,
    resolution: Annotated[str | None, typer.Option(help="720P or 1080P.")] = None,
    negative_prompt: Annotated[str | None, typer.Option(help="What the video should not show.")] = None,
    seed: Annotated[int | None, typer.Option(help="A whole number.")] = None,
    enhance_prompt: Annotated[bool | None, typer.Option(help="Let the provider rewrite the prompt.")] = None,
    generate_audio: Annotated[bool | None, typer.Option(help="Add sound.")] = None,
    auto_fix: Annotated[
        bool | None, typer.Option(help="Let the provider rewrite a prompt that it would reject.")
    ] = None,
    output: Annotated[Path, OUTPUT] = Path(NAME),
    resume: Annotated[
        str | None, typer.Option(help="Fetch a video you requested earlier, by its printed ID.")
    ] = None,
) -> None:
    """Make one video from the terminal, without Discord: the quickest way to try a key."""
    options = {
        "duration": duration,
        "aspect_ratio": aspect_ratio,
        "resolution": resolution,
        "negative_prompt": negative_prompt,
        "seed": seed,
        "enhance_prompt": enhance_prompt,
        "generate_audio": generate_audio,
        "auto_fix": auto_fix,
    }
    try:
        settings = load_provider_settings()
        if resume is not None:
            begin = partial(resume_in_terminal, settings, _id_of(resume))
        else:
            files = files_of(image, last_image, reference or [])
            request = _request_of(settings, model, _read_prompt(prompt), options, files)
            begin = partial(generate_in_terminal, settings, request)
    except (SettingsError, InvalidOptionError, GenerateError) as error:
        raise stop(error) from None
    configure_logging("ERROR", "text", [settings.aimlapi_key])
    finish(begin(output), GenerateError, "Stopped.")


def _id_of(resume: str) -> str:
    """Return the ID of a video that was requested earlier.

    Raises:
        GenerateError: there is none, as where a script's variable is empty; a prompt beside it isn't meant.
    """
    if not resume.strip():
        raise GenerateError("--resume needs an ID.")
    return resume.strip()


def _read_prompt(prompt: str | None) -> str:
    """Return the prompt, from standard input where that is asked for.

    Raises:
        GenerateError: there is none, or it isn't UTF-8: it would be paid for with other words.
    """
    given = sys.stdin.buffer.read() if prompt == "-" else (prompt or "").encode(errors="surrogateescape")
    try:
        said = given.removeprefix(codecs.BOM_UTF8).decode()
    except UnicodeDecodeError:
        raise GenerateError("The prompt isn't UTF-8. Save or type it in that encoding.") from None
    if not said:
        raise GenerateError("Describe the video, or fetch one with --resume.")
    return said


def _request_of(
    settings: ProviderSettings,
    model: str | None,
    prompt: str,
    options: Mapping[str, OptionValue | None],
    given: tuple[InputKind, Sequence[Path]],
) -> VideoRequest:
    """Return what is asked for, with the images in it; of the model's family it is the one that takes them.

    Raises:
        InvalidOptionError: the options do not make a video.
        GenerateError: an image cannot be used.
    """
    kind, files = given
    models = settings.offered_models
    if model is not None and find_model(models, model) is None:
        known = dict.fromkeys(one.provider_name for one in models)
        raise GenerateError(f"There's no model {model}. Available: {', '.join(known)}.")
    request = build_request(choose_model(models, model, kind).id, prompt, options)
    return request.with_images(read_images(files, request.model.sides(len(files))))
