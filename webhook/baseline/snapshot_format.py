"""What a snapshot file holds, and what its id is made of."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable
from dataclasses import asdict
from typing import Any, NamedTuple

import orjson

from webhook import __version__
from webhook.config import Source
from webhook.core.normalize.left_out import LeftOut
from webhook.core.objects import ObjectKey

FORMAT = 3
"""Raised with every change of the tables, of the canonical form or of the digest."""

APPLICATION_ID = 0x42617365
"""Marks the file as ours (SQLite's ``application_id``): "Base"."""

# `unread` are the sources that have never been read, with what they may declare. `files` are those that
# were read on their own, with the names of their contents: what is the same later is not read again. A
# key has two sources only while a snapshot is being made. `refers` is the key of what an object refers to
# (see core.references), NULL for most. `revision` counts the revisions of one source.
# `until` is the last revision of a source that declared the object with that digest; an empty digest says
# that it did not declare it.
SCHEMA = f"""
PRAGMA application_id = {APPLICATION_ID};
PRAGMA user_version = {FORMAT};
CREATE TABLE meta (key TEXT PRIMARY KEY, value TEXT NOT NULL) WITHOUT ROWID;
CREATE TABLE sources (
    number INTEGER PRIMARY KEY, name TEXT NOT NULL, commit_sha TEXT NOT NULL, settings TEXT NOT NULL,
    repository TEXT NOT NULL, files INTEGER NOT NULL, objects INTEGER NOT NULL, warnings INTEGER NOT NULL,
    revision INTEGER NOT NULL
);
CREATE TABLE unread (name TEXT PRIMARY KEY, namespaces TEXT NOT NULL, kinds TEXT NOT NULL) WITHOUT ROWID;
CREATE TABLE files (
    source INTEGER NOT NULL, path TEXT NOT NULL, oid TEXT NOT NULL, warnings INTEGER NOT NULL,
    PRIMARY KEY (source, path)
) WITHOUT ROWID;
CREATE TABLE objects (
    key TEXT NOT NULL, source INTEGER NOT NULL, digest BLOB NOT NULL, content BLOB NOT NULL,
    left_out BLOB NOT NULL, path TEXT NOT NULL, line INTEGER NOT NULL, refers TEXT, PRIMARY KEY (key, source)
);
CREATE TABLE history (
    key TEXT NOT NULL, digest BLOB NOT NULL, source TEXT NOT NULL, until INTEGER NOT NULL,
    PRIMARY KEY (key, digest)
) WITHOUT ROWID;
CREATE TABLE revisions (
    sequence INTEGER PRIMARY KEY, id TEXT NOT NULL, synced_at TEXT NOT NULL, commits TEXT NOT NULL
);
"""

INDEXES = "CREATE INDEX referring ON objects (refers, key) WHERE refers IS NOT NULL;"

_ID_LENGTH = 32


class SourceRecord(NamedTuple):
    """A row of ``sources``: one source at one commit, and what came of it.

    ``settings`` is a digest of all settings that bear on the content.
    """

    name: str
    commit: str
    settings: str
    repository: str
    files: int
    objects: int
    warnings: int


def key_text(key: ObjectKey) -> str:
    """Write a key unambiguously: names may hold any character."""
    return orjson.dumps([*key]).decode()


def key_range(group: str, kind: str, namespace: str | None) -> tuple[str, str]:
    """Return the texts between which the keys of a kind's objects stand, in a namespace or in all of them."""
    place = [group, kind] if namespace is None else [group, kind, namespace]
    prefix = orjson.dumps(place).decode().removesuffix("]")
    return f"{prefix},", f"{prefix}-"  # "-" follows ","


def parse_key(text: str) -> ObjectKey:
    """Read what ``key_text`` wrote."""
    return ObjectKey(*orjson.loads(text))


class UnreadSource(NamedTuple):
    """A row of ``unread``: a source that has never been read, and what it may declare, as globs and kinds."""

    name: str
    namespaces: tuple[str, ...]
    kinds: tuple[str, ...]


def settings_id(source: Source) -> str:
    """Return a digest of the settings of a source that bear on what a commit of it declares.

    Another version of Baseward may read the same files otherwise.
    """
    return _hash(
        [
            __version__,
            *(source.path, source.renderer, source.namespace, source.exclude),
            asdict(source.allow),
            source.verify and [source.verify.mode, str(source.verify.keys)],
            *(asdict(source.kustomize), asdict(source.helm)),
        ]
    )[:_ID_LENGTH]


def snapshot_id(records: Iterable[SourceRecord], unread: Iterable[UnreadSource], left_out: LeftOut) -> str:
    """Return the id, 32 hexadecimal digits, of what sources declare."""
    parts = sorted([record.name, record.commit, record.settings] for record in records)
    missing = sorted([*source] for source in unread)
    return _hash([FORMAT, parts, missing, left_out_id(left_out)])[:_ID_LENGTH]


def left_out_id(left_out: LeftOut) -> str:
    """Return a digest of what is left out: digests under different ones cannot be compared.

    Who may write what is left out has no part in it.
    """
    ignored = sorted([sorted(entry.kinds), sorted(entry.fields)] for entry in left_out.ignore)
    return _hash([sorted(left_out.bookkeeping), ignored])


def _hash(value: Any) -> str:
    return hashlib.sha256(orjson.dumps(value, option=orjson.OPT_SORT_KEYS)).hexdigest()
