"""The frontends that a deployment can choose."""

from __future__ import annotations

from collections.abc import Callable

from ..frontends.caddy.frontend import FRONTEND as CADDY
from ..frontends.caddy.frontend import inner
from ..frontends.frontend import Frontend, InnerSite
from ..frontends.nginx.frontend import FRONTEND as NGINX
from ..workload.spec import ContainerSpec

DEFAULT = CADDY
"""Without a choice."""

INNER: Callable[[InnerSite], ContainerSpec] = inner
"""Returns the container behind a load balancer, which is always of `DEFAULT`."""

FRONTENDS: dict[str, Frontend] = {frontend.name: frontend for frontend in (CADDY, NGINX)}
"""By the value of the setting `frontend`."""

NOT_YET = {"traefik": "Traefik is not supported yet"}
"""Hints for proxies that users ask for and that have no folder. One that gets its folder leaves this table."""
