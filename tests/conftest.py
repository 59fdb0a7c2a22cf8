"""What holds for every test: how Hypothesis searches, and that nothing of the machine leaks in."""

from __future__ import annotations

import os

from hypothesis import HealthCheck, settings

from tests.renderers.fixtures import (  # noqa: F401  # pytest finds them here
    helm,
    kustomize,
    pytest_collection_finish,
    pytest_runtest_setup,
)

# Hypothesis: no deadline, as a busy machine is no defect. `ci` finds the same examples each time, so that a
# red build can be repeated; `dev` looks for new ones; `thorough`, set as HYPOTHESIS_PROFILE, is for a night.
settings.register_profile("dev", deadline=None, print_blob=True)
settings.register_profile(
    "ci",
    settings.get_profile("dev"),
    derandomize=True,
    max_examples=300,
    suppress_health_check=[HealthCheck.too_slow],  # the machine may be building the control plane meanwhile
)
settings.register_profile("thorough", settings.get_profile("dev"), max_examples=10_000)
settings.load_profile(os.environ.get("HYPOTHESIS_PROFILE", "ci" if os.environ.get("CI") else "dev"))

# A developer's cluster, configuration and signing key are none of a test's business; a Git hook, from which
# the tests may be started, sets GIT_DIR and GIT_INDEX_FILE.
for _name in [name for name in os.environ if name.startswith("GIT_") or name == "BASEWARD_CONFIG"]:
    del os.environ[_name]
os.environ |= {
    "KUBECONFIG": os.devnull,
    "GIT_CONFIG_GLOBAL": os.devnull,
    "GIT_CONFIG_NOSYSTEM": "1",
    "GIT_AUTHOR_NAME": "A Test",
    "GIT_AUTHOR_EMAIL": "test@example.com",
    "GIT_COMMITTER_NAME": "A Test",
    "GIT_COMMITTER_EMAIL": "test@example.com",
}
