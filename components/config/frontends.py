"""The frontends that a deployment can choose."""

from __future__ import annotations

from collections.abc import Callable

from ..frontends.caddy.frontend import FRONTEND as CADDY
from ..frontends.caddy.frontend import inner
from ..frontends.frontend import Frontend, InnerSite
from ..frontends.nginx.frontend import FRONTEND as NGINX
from ..frontends.traefik.frontend import FRONTEND as TRAEFIK
from ..workload.spec import ContainerSpec

DEFAULT = CADDY
"""Frontend of a stack that sets no `frontend`."""

INNER: Callable[[InnerSite], ContainerSpec] = inner
"""Returns the container behind a load balancer, which is always of `DEFAULT`."""

FRONTENDS: dict[str, Frontend] = {frontend.name: frontend for frontend in (CADDY, NGINX, TRAEFIK)}
"""Frontends by the value of the setting `frontend`."""
