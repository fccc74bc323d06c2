"""Who asks, and under which name: from the socket and Host, or from forwarded headers when a proxy is trusted.

As in 1.14 to 1.22: only the first line of a header name is read, and of a list in it the **first** entry counts. So a
proxy that appends lets its clients choose their own address: the proxy in front has to set these headers.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

from .wire import Request

DEFAULT_PORTS = {"http": 80, "https": 443}


@dataclass(frozen=True)
class Origin:
    """What the server believes about a request's other end."""

    client_ip: str
    scheme: str
    host: str
    port: int

    @property
    def base_url(self) -> str:
        """Where discovery of a workspace without issuer says that it lives. Port 80 stays visible, 443 doesn't."""
        port = "" if (self.scheme, self.port) == ("https", 443) else f":{self.port}"
        return f"{self.scheme}://{self.host}{port}"


def of(request: Request, trusted_proxy: bool) -> Origin:
    """The request's origin. Raises ValueError when a trusted proxy sends a port that is no number (a 500)."""
    host, _, port = request.header("host", "localhost").partition(":")
    origin = Origin(request.peer, "http", host, int(port) if port.isdecimal() else DEFAULT_PORTS["http"])
    return _forwarded(request, origin) if trusted_proxy else origin


def _forwarded(request: Request, origin: Origin) -> Origin:
    if scheme := _first(request, "x-forwarded-proto") or _first(request, "x-forwarded-protocol"):
        origin = replace(origin, scheme=scheme, port=DEFAULT_PORTS.get(scheme, origin.port))
    if any(_first(request, name).lower() in ("yes", "true", "on") for name in ("x-forwarded-ssl", "front-end-https")):
        origin = replace(origin, scheme="https", port=DEFAULT_PORTS["https"])
    if forwarded_host := _first(request, "x-forwarded-host") or _first(request, "x-forwarded-server"):
        host, _, port = forwarded_host.partition(":")
        origin = replace(origin, host=host, port=int(port) if port else origin.port)
    if port := _first(request, "x-forwarded-port"):
        origin = replace(origin, port=int(port))
    if client := _first(request, "x-forwarded-for"):
        origin = replace(origin, client_ip=client)
    return origin


def _first(request: Request, name: str) -> str:
    return request.header(name, "").partition(",")[0].strip()
