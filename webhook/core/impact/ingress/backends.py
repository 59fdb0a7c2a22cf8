"""What an Ingress sends requests to: a port of a service, or a resource of some other kind."""

from __future__ import annotations

from typing import Any, NamedTuple

from webhook.core.errors import UnreadableError
from webhook.core.impact.ingress.reading import fields_of, text_of
from webhook.core.impact.naming import name_of

_BACKEND = frozenset({"service", "resource"})
_SERVICE = frozenset({"name", "port"})
_PORT = frozenset({"name", "number"})
_RESOURCE = frozenset({"apiGroup", "kind", "name"})


class Backend(NamedTuple):
    """A backend; ``kind`` is "service", or that of a resource with its group."""

    kind: str
    name: str
    port: int | str = ""

    @property
    def short(self) -> str:
        """Return the name as ``cart:80``, or as ``Bucket.example.com images``."""
        if self.kind == "service":
            return name_of(f"{self.name}:{self.port}")
        return f"{name_of(self.kind)} {name_of(self.name)}"

    def __str__(self) -> str:
        """Return ``service cart:80`` or ``Bucket.example.com images``."""
        return f"service {self.short}" if self.kind == "service" else self.short


def backend_of(value: Any) -> Backend:
    """Read a backend. Raises UnreadableError for one that the API would refuse."""
    backend = fields_of(value, _BACKEND, "a backend")
    if len(backend) != 1:
        raise UnreadableError("a backend is neither a service nor a resource")
    if "service" in backend:
        return _service_of(backend["service"])
    resource = fields_of(backend["resource"], _RESOURCE, "a backend's resource")
    group, kind, name = (
        text_of(resource.get(field), "a backend's resource") for field in ("apiGroup", "kind", "name")
    )
    if not kind or not name:
        raise UnreadableError("a backend's resource has no kind or no name")
    return Backend(f"{kind}.{group}" if group else kind, name)


def _service_of(value: Any) -> Backend:
    service = fields_of(value, _SERVICE, "a backend's service")
    port = fields_of(service.get("port"), _PORT, "a backend's port")
    name = text_of(service.get("name"), "a backend's service")
    if not name or len(port) != 1:
        raise UnreadableError("a backend's service has no name or no port")
    number, port_name = port.get("number"), text_of(port.get("name"), "a backend's port")
    if port_name:
        return Backend("service", name, port_name)
    if type(number) is not int:
        raise UnreadableError("a backend's port cannot be read")
    return Backend("service", name, number)
