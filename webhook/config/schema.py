"""The configuration file as a JSON Schema (2020-12), for editors.

Generated from the model, so that it cannot say other than what is read. What relates one value to
another (names of sources, fields of a kind) is beyond it: `baseward config check` knows that.
"""

from __future__ import annotations

import inspect
from dataclasses import is_dataclass
from enum import Enum
from types import NoneType
from typing import Annotated, Any, TypeAlias, get_args, get_origin

from webhook.config.forms import Form, NotEmpty
from webhook.config.model import Configuration
from webhook.config.settings import Setting, settings_of

DIALECT = "https://json-schema.org/draft/2020-12/schema"

Schema: TypeAlias = dict[str, Any]


def json_schema() -> Schema:
    """Return the JSON Schema of the configuration file."""
    definitions: dict[str, Schema] = {}
    whole = _section(Configuration, definitions)
    whole["required"] = ["apiVersion", "kind", *whole["required"]]
    return {"$schema": DIALECT, "title": "Baseward configuration", **whole, "$defs": definitions}


def _section(section: type, definitions: dict[str, Schema]) -> Schema:
    settings = settings_of(section)
    return {
        "description": (inspect.getdoc(section) or "").partition("\n")[0],
        "type": "object",
        "additionalProperties": False,
        "required": [setting.key for setting in settings if setting.is_required],
        "properties": {setting.key: _property(setting, definitions) for setting in settings},
    }


def _property(setting: Setting, definitions: dict[str, Schema]) -> Schema:
    schema = {"description": setting.description, **_schema(setting.type, definitions)}
    if not setting.is_required and not is_dataclass(setting.default) and setting.default not in (None, ""):
        schema["default"] = _written(setting.default, setting.type)
    return schema


def _schema(kind: Any, definitions: dict[str, Schema]) -> Schema:
    """Return the schema of an annotation of the model."""
    origin, arguments = get_origin(kind), get_args(kind)
    if origin is Annotated:
        return _annotated(arguments[0], arguments[1:], definitions)
    if origin is tuple:
        return {"type": "array", "items": _schema(arguments[0], definitions)}
    if NoneType in arguments:
        return _schema(next(each for each in arguments if each is not NoneType), definitions)
    if is_dataclass(kind) and isinstance(kind, type):
        if kind.__name__ not in definitions:
            definitions[kind.__name__] = _section(kind, definitions)
        return {"$ref": f"#/$defs/{kind.__name__}"}
    if isinstance(kind, type) and issubclass(kind, Enum):
        return {"enum": [member.value for member in kind]}
    if kind is bool:
        return {"type": "boolean"}
    raise TypeError(f"a field of the model has no form: {kind}")


def _annotated(plain: Any, notes: tuple[Any, ...], definitions: dict[str, Schema]) -> Schema:
    if (form := _form(notes)) is not None:
        return dict(form.schema)
    schema = _schema(plain, definitions)
    return {**schema, "minItems": 1} if NotEmpty in notes else schema


def _form(notes: tuple[Any, ...]) -> Form | None:
    return next((note for note in notes if isinstance(note, Form)), None)


def _written(value: Any, kind: Any) -> Any:
    """Return a value of an annotation of the model as the file writes it."""
    origin, arguments = get_origin(kind), get_args(kind)
    if origin is Annotated:
        form = _form(arguments[1:])
        return form.write(value) if form is not None else _written(value, arguments[0])
    if origin is tuple:
        return [_written(item, arguments[0]) for item in value]
    return value.value if isinstance(value, Enum) else value
