"""Credentials for the Kubernetes API: those of the pod, else of a kubeconfig."""

from __future__ import annotations

import os
from pathlib import Path

import yaml
from kubernetes import client, config
from kubernetes.config import ConfigException
from kubernetes.config.kube_config import KUBE_CONFIG_DEFAULT_LOCATION, KubeConfigLoader, KubeConfigMerger

from webhook.cluster.errors import CredentialsError
from webhook.core.printing import safe

_MAX_PATH = 1_000
# What the loader raises for a file of another shape than it expects.
_MISSHAPEN = (ConfigException, yaml.YAMLError, AttributeError, KeyError, TypeError, ValueError)


def api_client(context: str | None = None, kubeconfig: Path | None = None) -> tuple[client.ApiClient, str]:
    """Return a client, and the namespace that its context names (else ``default``).

    It is for the cluster that this process runs in, or for what KUBECONFIG names. Raises
    CredentialsError where there are no credentials. Nothing is ever tried twice: callers have deadlines.
    """
    configuration = client.Configuration()
    configuration.retries = False
    if "KUBERNETES_SERVICE_HOST" in os.environ and context is None and kubeconfig is None:
        _load_service_account(configuration)
        return client.ApiClient(configuration), "default"
    file = str(kubeconfig) if kubeconfig is not None else KUBE_CONFIG_DEFAULT_LOCATION
    namespace = _load_kubeconfig(configuration, file, context)
    return client.ApiClient(configuration), namespace or "default"


def _load_service_account(configuration: client.Configuration) -> None:
    try:
        config.load_incluster_config(client_configuration=configuration)
    except (ConfigException, OSError) as error:
        raise _no_credentials(type(error).__name__) from None


def _load_kubeconfig(configuration: client.Configuration, file: str, context: str | None) -> str | None:
    """Load a context, or the current one. Returns its namespace, None where it names none."""
    where = safe(file, _MAX_PATH)
    try:
        merged = KubeConfigMerger(file).config
        if merged is None:
            raise _no_credentials(f"there is no {where}")
        names = [entry["name"] for entry in merged["contexts"]]
        if context is not None and context not in names:
            raise CredentialsError(f"{where} has no context {safe(context)}: {safe(', '.join(names), 300)}")
        loader = KubeConfigLoader(merged, context, config_base_path=None)
        loader.load_and_set(configuration)
        namespace: str | None = loader.current_context["context"].get("namespace")
    except (OSError, *_MISSHAPEN) as error:
        # The error's text may quote the file, and with it a secret.
        raise _no_credentials(f"{where} cannot be used: {type(error).__name__}") from None
    return namespace


def _no_credentials(why: str) -> CredentialsError:
    return CredentialsError(
        f"no credentials for the Kubernetes API ({why}): "
        "run in a pod with a service account, or set KUBECONFIG"
    )
