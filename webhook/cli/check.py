"""`baseward check`: manifests in files, or on standard input, against the baseline."""

from __future__ import annotations

import sys
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import click

from webhook.baseline.declaration import Declaring
from webhook.baseline.documents import read_documents
from webhook.baseline.errors import BaselineError, ManifestError
from webhook.baseline.render import Rendered
from webhook.baseline.snapshot import Snapshot
from webhook.cli.baseline import open_baseline
from webhook.cli.context import Context
from webhook.cli.group import ERROR
from webhook.cli.output import OUTPUT, print_json
from webhook.core.case import Case
from webhook.core.decision import NoBaseline
from webhook.core.explain import undecided
from webhook.core.impact import NO_IMPACT, DeclaredSurroundings, Impact, change_of, impact_of
from webhook.core.impact.wording import as_json, lines_of
from webhook.core.kinds import BY_NAME
from webhook.core.normalize.left_out import is_aggregated
from webhook.core.objects import Manifest
from webhook.core.policy import Policy
from webhook.core.printing import safe
from webhook.core.review import CREATE, AdmissionRequest
from webhook.core.subject import Subject
from webhook.core.wording import line_of

SAME, DRIFT, UNDECLARED, OUT_OF_SCOPE = "same", "drift", "undeclared", "out-of-scope"
_SUFFIXES = (".yaml", ".yml", ".json")
_WIDTH = 100
_MAX_PATH = 1_000  # never cut, or no editor could jump to it
_EXAMPLES = """\b
Examples:
  baseward check deploy/                       every manifest below a folder
  kustomize build overlays/prod | baseward check -
  kubectl get networkpolicy web -n shop -o yaml | baseward check -
"""


@dataclass(frozen=True, slots=True)
class Checked:
    """One manifest held against the baseline."""

    manifest: Manifest
    state: str
    changes: tuple[str, ...] = ()
    declared_in: str = ""
    impact: Impact | None = None


@click.command(epilog=_EXAMPLES)
@click.argument("paths", nargs=-1, required=True, metavar="PATH...|-")
@click.option(
    "-n",
    "--namespace",
    default="default",
    show_default=True,
    metavar="NS",
    help="For objects that name no namespace.",
)
@OUTPUT
@click.pass_obj
def check(context: Context, *, paths: tuple[str, ...], namespace: str, output: str) -> None:
    """Compare manifests with the baseline.

    The comparison is that of an admission review. Looks at the snapshot that `sync` wrote, or syncs
    once if there is none. Objects of kinds that Baseward does not govern are passed over, and those
    in excluded namespaces are out of scope. Exit codes: 0 all the same, 1 drift, 2 error.
    """
    policy = context.configuration().policy
    manifests, faults = _read(paths, Declaring("", "", namespace, ("*",), ("*",)))
    baseline = open_baseline(context)
    checked = [_check(manifest, policy, baseline) for manifest in manifests]
    if output == "json":
        print_json([_as_json(one) for one in checked])
    else:
        _print_table(checked)
    for fault in faults:
        click.echo(f"Error: {fault}", err=True)
    if faults:
        sys.exit(ERROR)
    if not checked:
        click.echo("no manifests of governed kinds found", err=True)
    sys.exit(any(one.state in (DRIFT, UNDECLARED) for one in checked))


def _read(paths: tuple[str, ...], declaring: Declaring) -> tuple[list[Manifest], list[ManifestError]]:
    """Read all files; what is wrong with one does not hide the others."""
    manifests: list[Manifest] = []
    faults: list[ManifestError] = []
    for path, content in _files(paths):
        try:
            for document in read_documents(content, path):
                manifest = declaring.manifest(Rendered(document.value, path, document.line))
                if manifest is not None:
                    manifests.append(manifest)
        except ManifestError as fault:
            faults.append(fault)
    return manifests, faults


def _files(paths: tuple[str, ...]) -> Iterator[tuple[str, bytes]]:
    for name in paths:
        if name == "-":
            yield "standard input", sys.stdin.buffer.read()
            continue
        path = Path(name)
        for file in _manifest_files(path) if path.is_dir() else [path]:
            try:
                content = file.read_bytes()
            except OSError as error:
                where = safe(str(file), _MAX_PATH)
                raise BaselineError(f"{where} cannot be read: {error.strerror}") from None
            yield str(file), content


def _manifest_files(folder: Path) -> list[Path]:
    return sorted(file for file in folder.rglob("*") if file.suffix in _SUFFIXES and file.is_file())


def _check(manifest: Manifest, policy: Policy, baseline: Snapshot) -> Checked:
    if manifest.key.namespace in policy.exclude_namespaces:
        return Checked(manifest, OUT_OF_SCOPE)
    kind = BY_NAME[manifest.key.kind]
    request = AdmissionRequest(
        "", CREATE, manifest.key, kind, "", Subject(""), dry_run=True, new=manifest.content
    )
    case = Case(request, kind, policy, baseline, datetime.now(UTC))
    if case.unread_source is not None:
        raise BaselineError(undecided(NoBaseline(case.unread_source), request))
    if case.declared is None:
        return Checked(manifest, UNDECLARED, impact=_impact(manifest, policy, baseline, None))
    where = str(case.declared.provenance)
    if case.equals_declared:
        return Checked(manifest, SAME, declared_in=where)
    changes = tuple(line_of(change, _WIDTH) for change in case.against_git)
    impact = _impact(manifest, policy, baseline, case.declared.content)
    return Checked(manifest, DRIFT, changes, where, impact)


def _impact(
    manifest: Manifest, policy: Policy, baseline: Snapshot, declared: dict[str, Any] | None
) -> Impact:
    """Tell what the manifest would open and close, were it applied in place of what Git declares."""
    kind, content = BY_NAME[manifest.key.kind], manifest.content
    if declared is not None and is_aggregated(content):
        content = {
            name: value for name, value in content.items() if name != "rules"
        }  # as in what is declared
    change = change_of(kind, manifest.key, declared, content, policy.left_out)
    return impact_of(change, DeclaredSurroundings(baseline))


def _as_json(checked: Checked) -> dict[str, object]:
    key, place = checked.manifest.key, checked.manifest.provenance
    return {
        "group": key.group,
        "kind": key.kind,
        "namespace": key.namespace,
        "name": key.name,
        "file": place.path.encode(errors="backslashreplace").decode(),  # names of files need not be UTF-8
        "line": place.line,
        "state": checked.state,
        "diff": list(checked.changes),
        "impact": as_json(checked.impact) if checked.impact is not None else None,
        "declaredIn": checked.declared_in,
    }


def _print_table(checked: list[Checked]) -> None:
    for one in checked:
        place = one.manifest.provenance
        where = f"; declared in {safe(one.declared_in, _WIDTH)}" if one.state == DRIFT else ""
        at = f"{safe(place.path, _MAX_PATH)}:{place.line}"
        click.echo(f"{_words(one.state):<10}  {safe(str(one.manifest.key))} ({at}{where})")
        for change in one.changes:
            click.echo(f"              {change}")
        for line in lines_of(one.impact or NO_IMPACT, _WIDTH):
            click.echo(f"            {line}")
    counts = Counter({SAME: 0, DRIFT: 0, UNDECLARED: 0})
    counts.update(one.state for one in checked)
    click.echo(", ".join(f"{count} {_words(state)}" for state, count in counts.items()))


def _words(state: str) -> str:
    return state.replace("-", " ")
