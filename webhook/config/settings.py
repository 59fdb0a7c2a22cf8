"""What can be set: the fields of a section, as reading and the JSON Schema both need them."""

from __future__ import annotations

import ast
import inspect
import re
from dataclasses import MISSING, Field, dataclass, fields
from functools import cache
from itertools import pairwise
from typing import Any, get_type_hints

from webhook.config.core_settings import CORE_SETTINGS


@dataclass(frozen=True, slots=True)
class Setting:
    """One key of a section.

    ``type`` is the field's annotation, forms included; ``default`` is ``dataclasses.MISSING`` where
    the key must be given.
    """

    attribute: str
    key: str
    type: Any
    default: Any
    description: str

    @property
    def is_required(self) -> bool:
        """Tell whether the key must be given."""
        return self.default is MISSING


@cache
def settings_of(section: type) -> tuple[Setting, ...]:
    """Return what can be set in a section, a dataclass of the model or the core, in its order."""
    core = CORE_SETTINGS.get(section)
    types = (
        {name: setting.form for name, setting in core.items()}
        if core
        else get_type_hints(section, include_extras=True)
    )
    texts = {name: setting.description for name, setting in core.items()} if core else field_texts(section)
    return tuple(
        Setting(each.name, key_of(each.name), types[each.name], _default(each), texts[each.name])
        for each in fields(section)
    )


def key_of(attribute: str) -> str:
    """Return the key of an attribute in the file: ``max_age`` is ``maxAge``."""
    return re.sub(r"_([a-z])", lambda match: match[1].upper(), attribute)


def field_texts(section: type) -> dict[str, str]:
    """Return the text below each field of a dataclass, on one line, by the field's name."""
    (definition,) = ast.parse(inspect.getsource(section)).body
    body = definition.body if isinstance(definition, ast.ClassDef) else []
    return {
        each.target.id: " ".join(text.value.value.split())
        for each, text in pairwise(body)
        if isinstance(each, ast.AnnAssign)
        and isinstance(each.target, ast.Name)
        and isinstance(text, ast.Expr)
        and isinstance(text.value, ast.Constant)
        and isinstance(text.value.value, str)
    }


def _default(each: Field[Any]) -> Any:
    return each.default if each.default_factory is MISSING else each.default_factory()
