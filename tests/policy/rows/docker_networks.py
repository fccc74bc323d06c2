"""Rules of the area `docker-networks`."""

import pulumi_docker as docker

from policy.testing.change import ABSENT, UNKNOWN, From, add, put
from policy.testing.docker_program import KNOWN

from ..mutation import CAUGHT, NOTHING, PASSED, Case, Row, found, table

_ON_FRONTEND = [{"name": From("frontend-network", "name")}]
_BY_ID = [{"name": From("frontend-network", "id")}]
_BOTH = [{"name": From("frontend-network", "name")}, {"name": From("database-network", "name")}]

ROWS = (
    Row(
        "publish-only-from-frontend",
        "server",
        "server/ports",
        [{"internal": 8080, "external": 8080}],
        absent=NOTHING,
        setup=(put("server", "ports", []),),
    ),
    Row("publish-only-expected-ports", "frontend", "frontend/ports.1.external", 8443),
    Row(
        "forbid-publish-all-ports",
        "server",
        "server/publish_all_ports",
        True,
        absent=NOTHING,
        setup=(put("server", "publish_all_ports", False),),
    ),
    Row(
        "use-own-network",
        "frontend",
        "frontend/networks_advanced",
        [],
        unknown=found("use-own-network@frontend", "separate-frontend-from-database@frontend"),
    ),
    Row("isolate-database-network", "database-network", "database-network/internal", False),
    Row(
        "attach-internal-networks-only",
        "role",
        "role/networks_advanced",
        _ON_FRONTEND,
        secret=found("use-own-network@role", "attach-internal-networks-only@role"),
        unknown=found("use-own-network@role", "attach-internal-networks-only@role"),
        absent=found("use-own-network@role"),
    ),
    Row(
        "separate-frontend-from-database",
        "frontend",
        "frontend/networks_advanced",
        _BOTH,
        secret=found("use-own-network@frontend", "separate-frontend-from-database@frontend"),
        unknown=found("use-own-network@frontend", "separate-frontend-from-database@frontend"),
        absent=found("use-own-network@frontend"),
    ),
)

CASES = (
    Case("one port", (put("frontend", "ports.1", ABSENT),), found("publish-only-expected-ports@frontend")),
    Case(
        "a third port",
        (put("frontend", "ports.+", {"internal": 2019, "external": 2019}),),
        found("publish-only-expected-ports@frontend"),
    ),
    Case("http/3", (put("frontend", "ports.1.protocol", "udp"),), found("publish-only-expected-ports@frontend")),
    Case(
        "the default bridge by name",
        (put("frontend", "networks_advanced", []), put("frontend", "network_mode", "bridge")),
        found("use-own-network@frontend"),
    ),
    Case("no network", (put("role", "networks_advanced", ABSENT), put("role", "network_mode", "none")), NOTHING),
    Case(
        "an internal network of another name",
        (
            add("jobs", docker.Network, {"internal": True}, first=True),
            put("role", "networks_advanced", [{"name": From("jobs", "name")}]),
        ),
        NOTHING,
    ),
    Case(
        "another network, perhaps internal",
        (
            add("jobs", docker.Network, {"internal": UNKNOWN}, first=True),
            put("role", "networks_advanced", [{"name": From("jobs", "name")}]),
        ),
        found("attach-internal-networks-only@role"),
    ),
    Case(
        "a network from nowhere",
        (put("role", "networks_advanced", [{"name": "company"}]),),
        found("attach-internal-networks-only@role"),
    ),
    Case(
        "a network of the stack by its name",
        (put("database-network", "name", "db"), put("role", "networks_advanced", [{"name": "db"}])),
        NOTHING,
    ),
    Case(
        "names are known after a first update",
        (put("role", "networks_advanced", _ON_FRONTEND),),
        found("attach-internal-networks-only@role"),
        outputs=KNOWN,
    ),
    Case(
        "the database's network without its label",
        (put("database-network", "labels", ABSENT), put("frontend", "networks_advanced", _BOTH)),
        found("separate-frontend-from-database@frontend"),
    ),
    Case(
        "the database's network, open and without its label",
        (put("database-network", "labels", ABSENT), put("database-network", "internal", False)),
        found("attach-internal-networks-only@database", "attach-internal-networks-only@role"),
    ),
)

_NO_LIST = put("frontend", "networks_advanced", ABSENT)
SPELLINGS = (
    *(
        Case(f"use-own-network-{state}-{name}", (_NO_LIST, *changes), expected, rule="use-own-network", state=state)
        for state, expected, spellings in (
            (
                CAUGHT,
                found("use-own-network@frontend"),
                (
                    ("nothing", ()),
                    ("default", (put("frontend", "network_mode", "default"),)),
                    ("bridge", (put("frontend", "network_mode", "bridge"),)),
                    ("an empty mode", (put("frontend", "network_mode", ""),)),
                    ("an empty list", (put("frontend", "networks_advanced", []),)),
                ),
            ),
            (
                PASSED,
                NOTHING,
                (
                    ("none", (put("frontend", "network_mode", "none"),)),
                    ("a network by mode", (put("frontend", "network_mode", From("frontend-network", "name")),)),
                    (
                        "a network by its id",
                        (put("frontend", "networks_advanced", _BY_ID),),
                    ),
                    ("a network by its name", (put("frontend", "networks_advanced", _ON_FRONTEND),)),
                    (
                        "bridge beside a network",
                        (
                            put("frontend", "network_mode", "bridge"),
                            put("frontend", "networks_advanced", _ON_FRONTEND),
                        ),
                    ),
                ),
            ),
        )
        for name, changes in spellings
    ),
    Case(
        "the default bridge in the list",
        (put("alarm", "networks_advanced", [{"name": "bridge"}]),),
        found("use-own-network@alarm"),
    ),
    Case(
        "the database's network by mode",
        (_NO_LIST, put("frontend", "network_mode", From("database-network", "name"))),
        found("separate-frontend-from-database@frontend"),
    ),
    Case(
        "a network from elsewhere by mode",
        (put("role", "networks_advanced", ABSENT), put("role", "network_mode", "company")),
        found("attach-internal-networks-only@role"),
    ),
)

TABLE = table(*ROWS, *CASES, *SPELLINGS)
