"""Turn the value of a document into a Configuration, with cattrs, and its errors into faults.

cattrs goes on after an error and groups what it finds; here the groups become one flat list.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import is_dataclass
from enum import StrEnum
from functools import cache
from types import NoneType
from typing import Annotated, Any, get_args, get_origin

from cattrs import ClassValidationError, Converter, ForbiddenExtraKeysError, IterableValidationError
from cattrs.cols import homogenous_tuple_structure_factory
from cattrs.gen import make_dict_structure_fn, override

from webhook.config.errors import FormError
from webhook.config.forms import Form, NotEmpty, choose, found, truth_of
from webhook.config.model import Configuration
from webhook.config.places import Place
from webhook.config.settings import key_of, settings_of
from webhook.config.suggestions import did_you_mean

Hook = Callable[[Any, Any], Any]


def structure(value: dict[str, Any]) -> tuple[Configuration | None, list[tuple[Place, str]]]:
    """Return the Configuration, or None and what is wrong, each with its place."""
    try:
        return _converter().structure(value, Configuration), []
    except ClassValidationError as error:
        return None, list(_problems(error, ()))


@cache
def _converter() -> Converter:
    converter = Converter(forbid_extra_keys=True, detailed_validation=True)
    converter.register_structure_hook(bool, lambda value, _: truth_of(value))
    converter.register_structure_hook(StrEnum, _read_choice)
    converter.register_structure_hook_factory(is_dataclass, _section_hook)
    converter.register_structure_hook_factory(_is_list, _list_hook)
    converter.register_structure_hook_factory(_is_optional, _optional_hook)
    converter.register_structure_hook_factory(_is_annotated, _annotated_hook)
    return converter


def _is_list(kind: Any) -> bool:
    origin: Any = get_origin(kind)
    return origin is tuple


def _is_optional(kind: Any) -> bool:
    return NoneType in get_args(kind)


def _is_annotated(kind: Any) -> bool:
    origin: Any = get_origin(kind)
    return origin is Annotated


def _read_choice(value: Any, kind: type[StrEnum]) -> StrEnum:
    return kind(choose(value, list(kind)))


def _section_hook(section: type, converter: Converter) -> Hook:
    settings = settings_of(section)
    known = {setting.key for setting in settings}
    overrides: dict[str, Any] = {
        setting.attribute: override(
            rename=setting.key, struct_hook=converter.get_structure_hook(setting.type)
        )
        for setting in settings
    }
    structure_section: Hook = make_dict_structure_fn(section, converter, **overrides)

    def hook(value: Any, _: Any) -> Any:
        if not isinstance(value, dict):
            raise FormError(f"expected a mapping, found {found(value)}")
        # A key without a value is what remains when everything below it is commented out.
        given = {key: item for key, item in value.items() if item is not None or key not in known}
        return structure_section(given, section)

    return hook


def _list_hook(kind: Any, converter: Converter) -> Hook:
    structure_items = homogenous_tuple_structure_factory(kind, converter)

    def hook(value: Any, _: Any) -> Any:
        if not isinstance(value, list):
            raise FormError(f"expected a list, found {found(value)}")
        return structure_items(value, kind)

    return hook


def _optional_hook(kind: Any, converter: Converter) -> Hook:
    """Read what is not None: that one means a key without a value, which is as good as none."""
    inner = next(each for each in get_args(kind) if each is not NoneType)
    structure_inner = converter.get_structure_hook(inner)
    return lambda value, _: structure_inner(value, inner)


def _annotated_hook(kind: Any, converter: Converter) -> Hook:
    plain, *notes = get_args(kind)
    form = next((note for note in notes if isinstance(note, Form)), None)
    if form is not None:
        return lambda value, _: form.read(value)
    inner = converter.get_structure_hook(plain)

    def hook(value: Any, _: Any) -> Any:
        if NotEmpty in notes and value == []:
            raise FormError("is empty, and so matches nothing; name at least one")
        return inner(value, plain)

    return hook


def _problems(error: Exception, place: Place) -> Iterator[tuple[Place, str]]:
    if isinstance(error, ClassValidationError):
        in_fields, others = error.group_exceptions()
        for inner, field in in_fields:
            yield from _problems(inner, (*place, key_of(field.name)))
        for inner in others:
            yield from _problems(inner, place)
    elif isinstance(error, IterableValidationError):
        for inner, item in error.group_exceptions()[0]:
            yield from _problems(inner, (*place, item.index))
    elif isinstance(error, ForbiddenExtraKeysError):
        for key in error.extra_fields:
            yield (*place, key), _unknown(error.cl, key)
    elif isinstance(error, KeyError):
        yield place, "is missing"
    elif isinstance(error, FormError):
        yield place, str(error)
    else:
        raise error


def _unknown(section: type, key: str) -> str:
    known = [setting.key for setting in settings_of(section)]
    return f"unknown key; one of {', '.join(known)}{did_you_mean(key, known)}"
