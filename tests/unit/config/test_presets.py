"""The presets: real users, real fields, and no more than their tools need."""

from __future__ import annotations

from typing import Any

import pytest

from tests.unit.config.sample import faults_in, minimal
from webhook.config import PRESETS, Preset
from webhook.core.controllers import does_its_own_job
from webhook.core.kinds import INGRESS, NETWORK_POLICY, ROLE, Kind
from webhook.core.objects import ObjectKey
from webhook.core.pointer import format_pointer
from webhook.core.review import CREATE, DELETE, UPDATE, AdmissionRequest
from webhook.core.subject import Subject

ALL = [pytest.param(preset, id=name) for name, preset in PRESETS.items()]


def test_every_preset_that_the_design_names_is_there() -> None:
    assert set(PRESETS) == {"cert-manager", "aws-load-balancer", "gke", "rancher", "velero", "kubeadm"}


@pytest.mark.parametrize("preset", ALL)
def test_a_preset_could_have_been_written_in_the_file(preset: Preset) -> None:
    document = minimal()
    document["controllers"] = [
        {
            "user": entry.user,
            "kinds": list(entry.kinds),
            "operations": list(entry.operations),
            "fields": [format_pointer(field) for field in entry.fields],
        }
        for entry in preset.controllers
    ]
    document["ignore"] = [
        {
            "kinds": list(entry.kinds),
            "fields": [format_pointer(field) for field in entry.fields],
            "writers": list(entry.writers),
        }
        for entry in preset.ignore
    ]
    assert faults_in(document) == ()


@pytest.mark.parametrize("preset", ALL)
def test_what_a_preset_leaves_out_only_its_own_controllers_may_write(preset: Preset) -> None:
    users = {entry.user for entry in preset.controllers}
    assert all(entry.writers and set(entry.writers) <= users for entry in preset.ignore)


def does(preset: str, kind: Kind, operation: str, before: Any = None, after: Any = None) -> bool:
    (controller,) = PRESETS[preset].controllers
    request = AdmissionRequest(
        uid="1",
        operation=operation,
        key=ObjectKey(kind.group, kind.name, "shop", "web"),
        kind=kind,
        subresource="",
        subject=Subject(controller.user),
        dry_run=False,
        old=before,
        new=after,
    )
    return does_its_own_job(request, kind, PRESETS[preset].controllers)


def annotated(**annotations: str) -> dict[str, Any]:
    return {"metadata": {"name": "web", "annotations": {"a": "b", **annotations}}, "spec": {}}


def test_gke_records_its_load_balancer_and_nothing_else() -> None:
    recorded = annotated(**{"ingress.kubernetes.io/url-map": "k8s-um"})
    assert does("gke", INGRESS, UPDATE, annotated(), recorded)
    assert not does("gke", INGRESS, UPDATE, annotated(), annotated(other="x"))
    assert not does("gke", INGRESS, UPDATE, annotated(), {**annotated(), "spec": {"rules": []}})
    assert not does("gke", INGRESS, DELETE, annotated())


def test_cert_manager_solves_challenges_in_an_ingress_or_beside_it() -> None:
    solved = {**annotated(), "spec": {"rules": [{"host": "shop.example.com"}]}}
    assert does("cert-manager", INGRESS, UPDATE, annotated(), solved)
    assert does("cert-manager", INGRESS, CREATE, None, solved)
    assert does("cert-manager", INGRESS, DELETE, solved)
    assert not does("cert-manager", INGRESS, UPDATE, annotated(), annotated(other="x"))
    assert not does("cert-manager", NETWORK_POLICY, CREATE, None, annotated())


def test_velero_restores_any_kind_and_only_labels_what_is_there() -> None:
    labelled = {"metadata": {"name": "web", "labels": {"a": "b", "velero.io/restore-name": "r"}}}
    plain = {"metadata": {"name": "web", "labels": {"a": "b"}}}
    assert does("velero", ROLE, CREATE, None, labelled)
    assert does("velero", ROLE, UPDATE, plain, labelled)
    assert not does("velero", ROLE, UPDATE, plain, {**plain, "rules": []})
    assert not does("velero", ROLE, DELETE, plain)


def test_kubeadm_sets_up_rbac_only() -> None:
    assert does("kubeadm", ROLE, CREATE, None, annotated())
    assert not does("kubeadm", NETWORK_POLICY, CREATE, None, annotated())
