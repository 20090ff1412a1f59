"""The options of /veo, read from the catalogue, so that Discord shows and checks what the provider takes."""

from discord.app_commands import Choice

from bot.veo.catalogue import CATALOGUE, Option

# Each option once, however many models have it; the catalogue checks it against the chosen model.
OPTIONS: dict[str, Option] = {option.name: option for model in CATALOGUE for option in model.options}


def descriptions() -> dict[str, str]:
    """Return what Discord shows beside each option, with the true default where there is one."""
    return {name: _describe(option) for name, option in OPTIONS.items()}


def choices() -> dict[str, list[Choice[str | int | float]]]:
    """Return the values that Discord offers: the models, and each option's where it has fixed ones."""
    models = [_choice(model.id, f"{model.label}: {model.description}") for model in CATALOGUE]
    options = {name: [_choice(value) for value in option.choices] for name, option in OPTIONS.items()}
    return {"model": models, **{name: values for name, values in options.items() if values}}


def _choice(value: int | str, name: str | None = None) -> Choice[str | int | float]:
    return Choice(name=name or str(value), value=value)


def _describe(option: Option) -> str:
    match option.default:
        case None:
            return option.description
        case bool():
            return f"{option.description} (default: {'yes' if option.default else 'no'})"
        case _:
            return f"{option.description} (default: {option.default})"
