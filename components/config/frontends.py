"""The frontends that a deployment can choose."""

from __future__ import annotations

from ..frontends.caddy.frontend import FRONTEND as CADDY
from ..frontends.frontend import Frontend

DEFAULT = CADDY
"""Without a choice. Behind a load balancer it is always this one."""

FRONTENDS: dict[str, Frontend] = {frontend.name: frontend for frontend in (CADDY,)}
"""By the value of the setting `frontend`."""

NOT_YET = {"nginx": "nginx is not supported yet", "traefik": "Traefik is not supported yet"}
"""Hints for proxies that users ask for and that have no folder. One that gets its folder leaves this table."""
