"""Whatever stands in a file of Terraform or Pulumi: objects or a ManifestError, never anything else."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.unit.baseline.render import pulumi_written, terraform_written, written
from webhook.baseline.declaration import Declaring
from webhook.baseline.documents import read_documents
from webhook.baseline.errors import ManifestError
from webhook.baseline.reading import Reading
from webhook.baseline.render import File, Renderer
from webhook.baseline.render.pulumi import Pulumi
from webhook.baseline.render.terraform import Terraform
from webhook.core.normalize import DEFAULT_LEFT_OUT

PLANNED = [terraform_written.planned(*each) for each in terraform_written.TERRAFORM]
UNKNOWN = {"id": True, "metadata": [{"uid": True}], "spec": [{"ingress_class_name": True}]}
MANIFESTS: list[Any] = [each.value for each in read_documents(written.MANIFESTS.encode(), "")]
EXPORTED = [pulumi_written.pulumi_resource(each) for each in MANIFESTS]
PLAIN = terraform_written.planned("kubernetes_manifest", {"manifest": MANIFESTS[0]})

FILES: dict[str, tuple[Renderer, Any]] = {
    "plan": (
        Terraform("", ()),
        terraform_written.plan(
            PLAIN,
            planned_values=terraform_written.in_module(*PLANNED, PLAIN),
            resource_changes=[terraform_written.change(each, UNKNOWN) for each in PLANNED],
        ),
    ),
    "state": (Terraform("", ()), terraform_written.state(*PLANNED)),
    "raw-state": (
        Terraform("", ()),
        terraform_written.raw_state(
            *(terraform_written.instances(*each, module="module.x") for each in terraform_written.TERRAFORM)
        ),
    ),
    "export": (Pulumi("", ()), pulumi_written.export(*EXPORTED)),
    "preview": (
        Pulumi("", ()),
        pulumi_written.preview(*(pulumi_written.step("create", each) for each in EXPORTED)),
    ),
}
WORDS = [
    "",
    "name",
    "kind",
    "0",
    "[secret]",
    "metadata",
    "module.",
    "kubernetes_ingress",
    "\u202e\n",
    "\ud7ff",
]

scalars = st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.sampled_from(WORDS)
values: st.SearchStrategy[Any] = st.recursive(
    scalars,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from(WORDS), inner, max_size=3),
    max_leaves=8,
)


def places(value: Any, place: tuple[Any, ...] = ()) -> list[tuple[Any, ...]]:
    steps: list[Any] = list(value) if isinstance(value, dict) else []
    steps += range(len(value)) if isinstance(value, list) else []
    return [place, *(each for step in steps for each in places(value[step], (*place, step)))]


PLACES = {name: places(document)[1:] for name, (_, document) in FILES.items()}


@st.composite
def broken(draw: st.DrawFn, name: str) -> Any:
    """Put any value in some places of a document, or take away what is there."""
    document = json.loads(json.dumps(FILES[name][1]))  # where no two places share a value
    chosen = draw(st.lists(st.sampled_from(PLACES[name]), min_size=1, max_size=3, unique=True))
    for *above, last in sorted(chosen, key=len, reverse=True):  # the deepest first: the others stay in place
        parent = document
        for step in above:
            parent = parent[step]
        if isinstance(parent, dict) and draw(st.booleans()):
            del parent[last]
        else:
            parent[last] = draw(values)
    return document


@pytest.mark.parametrize("name", FILES)
@given(data=st.data())
def test_a_broken_file_is_an_error_of_its_own(name: str, data: st.DataObject) -> None:
    content = json.dumps(data.draw(broken(name)), indent=1).encode()
    # Reading takes a ManifestError, and nothing else, for an answer.
    reading = Reading(FILES[name][0], Declaring("s", "c0ffee", "default", ("*",), ("*",)), DEFAULT_LEFT_OUT)
    outcome = reading.read([File("out.json", content)])
    for error in outcome.errors:
        assert 1 <= error.line <= content.count(b"\n") + 1
        assert str(error).isprintable()


@given(cut=st.integers(1, 2_000), text=st.binary(max_size=3))
def test_a_file_that_was_cut_short_is_refused(cut: int, text: bytes) -> None:
    for renderer, document in FILES.values():
        whole = json.dumps(document).encode()
        with pytest.raises(ManifestError):
            list(renderer.render(File("out.json", whole[: -cut % len(whole)] + text)))
