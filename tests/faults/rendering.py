"""What kustomize and helm are given to render."""

from __future__ import annotations

from tests.faults.team import Parts, Story, Team, fails, manifest
from webhook.baseline.refusal import Trouble

KUSTOMIZATION = "resources: [role.yaml]\n"
# A hundred million turns take minutes, and no memory.
LOOP = "{{ range until 10000 }}{{ range until 10000 }}{{ end }}{{ end }}\n"


def _kustomized(team: Team) -> None:
    team.settings["renderer"] = "kustomize"
    team.commit({"kustomization.yaml": KUSTOMIZATION})


def a_kustomization_reads_etc_passwd(team: Team) -> Parts:
    _kustomized(team)
    yield None
    generator = "configMapGenerator:\n- name: stolen\n  files: [/etc/passwd]\n"
    commit = team.change({"kustomization.yaml": KUSTOMIZATION + generator})
    yield fails(
        Trouble.BROKEN,
        f"{team.at(commit)} kustomization.yaml:4: /etc/passwd leads out of the repository; copy it in there",
    )
    team.commit({"kustomization.yaml": KUSTOMIZATION})
    yield None


def a_symbolic_link_leads_out_of_the_repository(team: Team) -> Parts:
    _kustomized(team)
    yield None
    link = team.origin.folder / "link.yaml"
    link.symlink_to("/etc/passwd")
    commit = team.change({"kustomization.yaml": "resources: [role.yaml, link.yaml]\n"})
    yield fails(
        Trouble.BROKEN,
        f"{team.at(commit)} link.yaml:1: a symbolic link that leads out of the repository; put there",
    )
    team.commit({"link.yaml": None, "kustomization.yaml": KUSTOMIZATION})
    yield None


def a_chart_loops(team: Team) -> Parts:
    team.settings |= {"renderer": "helm", "path": "chart", "timeout": "2s"}
    team.file = "chart/templates/role.yaml"
    team.commit({"chart/Chart.yaml": "apiVersion: v2\nname: chart\nversion: 1.0.0\n"})
    team.commit({team.file: manifest(team.before), "role.yaml": None})
    yield None
    commit = team.change({"chart/templates/loop.yaml": LOOP})
    yield fails(Trouble.BROKEN, f"{team.at(commit)}: the chart chart: helm had not ended after 2 s; if")
    team.commit({"chart/templates/loop.yaml": None})
    yield None


STORIES: tuple[Story, ...] = (
    a_kustomization_reads_etc_passwd,
    a_symbolic_link_leads_out_of_the_repository,
    a_chart_loops,
)
