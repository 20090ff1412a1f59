"""The choice of a model: by the name that somebody gives, and by the images the video is made from.

`models` is always what may be chosen, in its order; the first one that can is the default.
"""

from collections.abc import Collection, Container, Sequence

from bot.escape import plain
from bot.i18n import _, format_or, locale_used, ngettext
from bot.provider.catalogue import CATALOGUE, EXTENDERS, Model, get_model
from bot.provider.input_kinds import BY_IMAGES, CANNOT, NEEDS_MORE, InputKind
from bot.provider.options import InvalidOptionError

NAME_LENGTH = 60  # characters of what somebody calls a model
PART = " · "  # between the name of a model and what else is said of it where it is offered


def parse_models(text: str) -> tuple[Model, ...]:
    """Return the models that an operator names, with commas between and in that order; none named: all.

    A family's name means all of its rows, the provider's name those that have it, an id one of them.

    Raises:
        ValueError: a name means nothing; the text is for the operator and has no part of `text`.
    """
    names = [name.strip().casefold() for name in text.split(",") if name.strip()]
    found: dict[str, Model] = {}
    for position, name in enumerate(names, 1):
        meant = [model for model in CATALOGUE if name in {model.family.casefold(), *names_of(model)}]
        if not meant:
            families = ", ".join(head.family for head in family_heads(CATALOGUE))
            ids = ", ".join(dict.fromkeys(model.provider_name for model in CATALOGUE))
            raise ValueError(f"name {position} is no model. Known: {families}; or single models: {ids}")
        for model in meant:
            found.setdefault(model.id, model)
    return tuple(found.values()) or CATALOGUE


def family_heads(models: Sequence[Model]) -> tuple[Model, ...]:
    """Return of each family the row that takes the fewest images, which stands for all of it.

    The families come as their first rows do; members choose from them.
    """
    heads: dict[str, Model] = {}
    for model in models:
        other = heads.get(model.family, model)
        heads[model.family] = min(other, model, key=rank_of)
    return tuple(heads.values())


def rank_of(model: Model) -> int:
    """Return a number by which the rows of a family are compared: what makes videos from less comes first."""
    return model.kind.rank


def kind_for(images: int) -> InputKind:
    """Return what a video is made from that's made from so many images, which aren't references.

    Raises:
        InvalidOptionError: no model makes one.
    """
    for kind in BY_IMAGES:
        if images in kind.counts:
            return kind
    raise InvalidOptionError(_none_from(images))


def models_for(models: Sequence[Model], kind: InputKind) -> tuple[Model, ...]:
    """Return the rows that make a video from that."""
    return tuple(model for model in models if model.kind is kind)


def families_for(models: Sequence[Model], kinds: Sequence[InputKind]) -> list[str]:
    """Return the families that make a video from each of these, in the order of their rows for the first."""
    able = [{model.family for model in models_for(models, kind)} for kind in kinds]
    first = (model.family for model in models_for(models, kinds[0]))
    return [family for family in first if all(family in families for families in able)]


def heads_for(models: Sequence[Model], kind: InputKind) -> tuple[Model, ...]:
    """Return the heads of the families that make a video from that; of all families where none does."""
    able = {model.family for model in models_for(models, kind)}
    return tuple(head for head in family_heads(models) if head.family in able) or family_heads(models)


def extenders_of(models: Sequence[Model]) -> tuple[Model, ...]:
    """Return the rows that extend videos and are of a family in `models`."""
    families = {model.family for model in models}
    return tuple(model for model in EXTENDERS if model.family in families)


def alike(models: Sequence[Model], model: Model) -> tuple[Model, ...]:
    """Return the rows that make videos from the same as `model`."""
    if model.kind is InputKind.VIDEO:
        return extenders_of(models)
    return models_for(models, model.kind)


def is_allowed(model: Model, allowed: Collection[str]) -> bool:
    """Whether a server allows a model; `allowed`: the ids of those that it chose, none: all.

    What extends videos can't be chosen: it goes with the others of its family.
    """
    if model.kind is not InputKind.VIDEO:
        return not allowed or model.id in allowed
    return not allowed or any(
        other.family == model.family for other in map(get_model, allowed) if other is not None
    )


def names_of(model: Model) -> tuple[str, ...]:
    """Return what a row is called, folded: its id, by the provider, by us in English, by us as read."""
    with locale_used(None):
        label = model.label
    return tuple(name.casefold() for name in (model.id, model.provider_name, label, model.label))


def find_model(models: Sequence[Model], name: str) -> Model | None:
    """Return the row that `name` means, in any case, alone or at the beginning of a suggested line; or None.

    A family's name means its head.
    """
    wanted = name.partition(PART)[0].strip().casefold()
    found = [head for head in family_heads(models) if head.family.casefold() == wanted]
    found += [model for model in models if model.id.casefold() == wanted]
    found += [model for model in models if wanted in names_of(model)]
    return found[0] if found else None


def choose_model(
    models: Sequence[Model], name: str | None, kind: InputKind, gone: Container[str] = ()
) -> Model:
    """Return the row that makes a video from what's given, of the same family as the one called `name`.

    None: the member chose no family, so it is the first one that can, and is not `gone`.

    Raises:
        InvalidOptionError: no model is called so, or its family cannot.
    """
    able = models_for(models, kind)
    if not able:
        raise InvalidOptionError(none_for(kind, models))
    if name is None:
        return next((model for model in able if model.id not in gone), able[0])
    chosen = find_model(models, name)
    others = [model for model in able if model.id not in gone] or able
    if chosen is None:
        raise InvalidOptionError(_unknown(name, others))
    if rank_of(chosen) > kind.rank:
        raise InvalidOptionError(_needs(chosen, kind, others))
    for model in able:
        if model.family == chosen.family:
            return model
    raise InvalidOptionError(_(CANNOT[kind], family=chosen.family, others=_families(others)))


def none_for(kind: InputKind, models: Sequence[Model]) -> str:
    """Say that none of `models` makes a video from that."""
    if kind is InputKind.TEXT:
        kinds = sorted({model.kind for model in models}, key=lambda kind: kind.rank)
        sources = format_or(kind.source for kind in kinds)
        return _("None of my models can make a video from text alone, only {sources}.", sources=sources)
    if kind is InputKind.REFERENCES:
        return _("None of my models can make a video from reference images.")
    return _none_from(kind.counts[0])


def _none_from(images: int) -> str:
    return ngettext(
        "None of my models can make a video from {count} image.",
        "None of my models can make a video from {count} images.",
        images,
    )


def _needs(model: Model, given: InputKind, others: Sequence[Model]) -> str:
    if model.kind is InputKind.REFERENCES and given is not InputKind.TEXT:
        need = _("{model} takes reference images instead of an image.", model=model.label)
    else:
        need = _(NEEDS_MORE[model.kind], model=model.label)
    # Where the member is may have no place for more images.
    way_on = _("You can also choose {others}.", others=_families(others))
    return f"{need} {way_on}"


def _unknown(name: str, others: Sequence[Model]) -> str:
    known = get_model(name)  # one that the operator doesn't offer
    shown = known.label if known else plain(name, NAME_LENGTH)
    return _("“{name}” isn't a model that I can use. Choose {others}.", name=shown, others=_families(others))


def _families(models: Sequence[Model]) -> str:
    return format_or(dict.fromkeys(model.family for model in models))
