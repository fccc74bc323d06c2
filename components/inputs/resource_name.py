"""Rules for the name of a component, with which the names of its resources begin."""

from __future__ import annotations

import re

_RESERVED = ("aws", "ssm")
"""Beginnings that Systems Manager refuses in the name of a parameter, in upper case too."""
_LONGEST_DEPLOYMENT = {True: 21, False: 33}
"""Longest name with a load balancer, and without. A target group has at most 32 characters, and the role of the
function for database roles 64. Pulumi adds eight."""


def parse_docker_name(raw: object) -> str:
    """Parse a name that containers and volumes of Docker take."""
    if not re.fullmatch(r"[A-Za-z0-9][A-Za-z0-9_.-]*", str(raw)):
        raise ValueError("must consist of letters, digits, dots, hyphens and underscores: Docker accepts no other name")
    return str(raw)


def parse_resource_name(raw: object) -> str:
    """Parse a name on AWS that aliases of keys, topics, functions and web ACLs take."""
    if not re.fullmatch(r"[A-Za-z0-9_-]+", str(raw)):
        raise ValueError(
            "must consist of letters, digits, hyphens and underscores: resources on AWS have it in their names"
        )
    return str(raw)


def parse_name_of_hosts(raw: object) -> str:
    """Parse a name that buckets and parameters of Systems Manager take, too."""
    name = str(raw)
    if not re.fullmatch(r"[A-Za-z0-9][A-Za-z0-9-]*", name):
        raise ValueError("must consist of letters, digits and hyphens: a bucket has it in its name")
    _refuse_reserved(name)
    return name


def parse_deployment_name(raw: object, has_load_balancer: bool) -> str:
    """Parse a name that each part of a whole deployment takes."""
    name, longest = str(raw), _LONGEST_DEPLOYMENT[has_load_balancer]
    if not re.fullmatch(r"[a-z][a-z0-9]*(-[a-z0-9]+)*", name) or len(name) > longest:
        raise ValueError(
            f"must be up to {longest} lower-case letters, digits and single hyphens: resources have it in their names"
        )
    if name.startswith("internal-"):
        raise ValueError("must not begin with internal-: Elastic Load Balancing reserves it")
    _refuse_reserved(name)
    return name


def _refuse_reserved(name: str) -> None:
    if name.lower().startswith(_RESERVED):
        raise ValueError(
            f"must not begin with {' or '.join(_RESERVED)}: Systems Manager refuses a parameter with such a name"
        )
