"""Read a configuration file: the text, its header, its values, and what must fit together."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

from webhook.config.baseline import Source
from webhook.config.document import Document, read_document
from webhook.config.errors import ConfigurationError, Fault
from webhook.config.forms import found, quoted
from webhook.config.git_names import is_local
from webhook.config.model import API_VERSION, KIND, Configuration
from webhook.config.places import Place, format_place, line_of
from webhook.config.relations import unrelated
from webhook.config.structure import structure

_MAX_BYTES = 4 * 1024 * 1024


def load_configuration(path: Path) -> Configuration:
    """Read a configuration file.

    Raises ConfigurationError with everything that is wrong with it, also where there is no such file.
    """
    try:
        with path.open("rb") as file:
            content = file.read(_MAX_BYTES + 1)
        text = content.decode("utf-8-sig")
    except (OSError, ValueError) as error:
        raise ConfigurationError(str(path), [Fault("", f"cannot be read: {_why(error)}")]) from None
    if len(content) > _MAX_BYTES:
        raise ConfigurationError(str(path), [Fault("", "is larger than 4 MiB; is it the right file?")])
    return parse_configuration(text, path)


def _why(error: OSError | ValueError) -> str:
    if isinstance(error, OSError):
        return error.strerror or type(error).__name__
    return "it is no UTF-8 text" if isinstance(error, UnicodeDecodeError) else "its name is no file's"


def parse_configuration(text: str, where: Path) -> Configuration:
    """Read the text of a configuration file.

    ``where`` is the file's path, for errors, and for the paths in it that are relative to its folder.
    Raises ConfigurationError with everything that is wrong.
    """
    document = read_document(text, str(where))
    value = _with_header(document, where)
    configuration, problems = structure(value)
    problems += unrelated(value)
    if configuration is None or problems:
        raise _error(problems, document, where)
    return _resolved(configuration, where.absolute().parent)


def _with_header(document: Document, where: Path) -> dict[str, Any]:
    """Return the document's mapping; what is no Configuration at all is refused with one fault."""
    value = document.value
    header = f"begin with the lines `apiVersion: {API_VERSION}` and `kind: {KIND}`"
    if value is None:
        raise _error([((), f"is empty; {header}")], document, where)
    if not isinstance(value, dict):
        raise _error([((), f"expected a mapping, found {found(value)}; {header}")], document, where)
    for key, wanted in (("apiVersion", API_VERSION), ("kind", KIND)):
        given = value.get(key)
        if given is None:
            raise _error([((key,), f"is missing; {header}")], document, where)
        if given != wanted:
            what = quoted(given) if isinstance(given, str) else found(given)
            raise _error([((key,), f"{what} is none of this version's; {header}")], document, where)
    return value


def _error(problems: list[tuple[Place, str]], document: Document, where: Path) -> ConfigurationError:
    faults = [Fault(format_place(place), text, line_of(place, document.lines)) for place, text in problems]
    return ConfigurationError(str(where), sorted(faults, key=lambda fault: (fault.line or 0, fault.path)))


def _resolved(configuration: Configuration, folder: Path) -> Configuration:
    """Make the paths of a configuration absolute."""
    baseline, serve = configuration.baseline, configuration.serve
    receiver = baseline.receiver and replace(
        baseline.receiver,
        secret=folder / baseline.receiver.secret,
        certificates=baseline.receiver.certificates and folder / baseline.receiver.certificates,
    )
    sources = tuple(_resolved_source(source, folder) for source in baseline.sources)
    return replace(
        configuration,
        baseline=replace(baseline, sources=sources, receiver=receiver),
        snapshot=folder / configuration.snapshot,
        serve=replace(serve, certificates=folder / serve.certificates),
    )


def _resolved_source(source: Source, folder: Path) -> Source:
    return replace(
        source,
        repository=str(folder / source.repository) if is_local(source.repository) else source.repository,
        credentials=source.credentials and folder / source.credentials,
        verify=source.verify and replace(source.verify, keys=folder / source.verify.keys),
    )
