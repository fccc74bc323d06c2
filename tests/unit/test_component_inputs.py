"""What every component says of inputs that are missing or misspelt: each one at once, before anything is made."""

from __future__ import annotations

import inspect
from typing import Any

import pulumi
import pytest

from components import (
    COMPONENTS,
    AwsCertificate,
    AwsDeployment,
    AwsDeploymentArgs,
    AwsDns,
    AwsLaunchTemplate,
    AwsSecret,
    AwsServerGroup,
    AwsSingleHost,
    DockerContainer,
    DockerDatabase,
    DockerDatabaseRole,
    DockerDeployment,
    DockerFiles,
    DockerNetwork,
    KotauthCredentials,
)
from components.aws.settings import AwsSettings
from components.inputs.error import InvalidInputError
from tests import bad_settings
from tests.unit.least_inputs import LEAST, ROLE, SPEC, declared
from tests.unit.recording import Declared

Component = Any
EACH = pytest.mark.parametrize("component", COMPONENTS, ids=lambda component: component.__name__)
HOSTS = pytest.mark.parametrize("component", [AwsLaunchTemplate, AwsServerGroup, AwsSingleHost])


def inputs(component: Component) -> Any:
    return inspect.signature(component.__init__).parameters["args"].annotation


EVERY_INPUT = [
    pytest.param(component, name, id=f"{component.__name__}.{name}")
    for component in COMPONENTS
    for name in inputs(component).__annotations__
]


RATE_LIMIT = "must be requests in five minutes, a whole number from 10 to 2000000000 (WAF counts from 10)"
ID = "must be an id such as {}-0123456789abcdef0"
ARN = "must be an ARN, which begins with arn:"
OF_SEVERAL: dict[str, tuple[object, str]] = {
    "vpc_id": ("identity", ID.format("vpc")),
    "subnet_id": ("vpc-0123456789abcdef0", ID.format("subnet")),
    "subnet_ids": (["subnet-0123456789abcdef0", "10.0.0.0/24"], ID.format("subnet")),
    "database_security_group_id": ("database", ID.format("sg")),
    "load_balancer_security_group_id": ("balancer", ID.format("sg")),
    "instance_id": ("server", ID.format("i")),
    "volume_id": ("/dev/sdf", ID.format("vol")),
    "zone_id": ("example.com", "must be the id of a Route 53 hosted zone, such as Z0123456789ABC"),
    "availability_zone": ("central", "must be an availability zone such as eu-central-1a"),
    "address": ("auth.example.com", "must be an IPv4 address such as 203.0.113.10"),
    "kms_key_arn": ("alias/identity", ARN),
    "target_group_arn": ("identity", ARN),
    "log_group_arn": ("/identity", ARN),
    "administrator_secret_arn": ("identity/administrator", ARN),
    "administrator_key_arn": ("01234567-89ab-cdef-0123-456789abcdef", ARN),
    "password_secret_arn": ("identity/password", ARN),
    "password_key_arn": ("alias/identity", ARN),
    "deletion_protection": ("no", bad_settings.BOOLEAN),
    "multi_az": ("no", bad_settings.BOOLEAN),
    "database_multi_az": ("no", bad_settings.BOOLEAN),
    "log_retention_days": (17, bad_settings.RETENTION),
    "flow_log_retention_days": (0, bad_settings.RETENTION),
    "instance_type": ("small", bad_settings.INSTANCE_TYPE),
    "rate_limit": (9, RATE_LIMIT),
    "login_rate_limit": (9, RATE_LIMIT),
}
"""Input to a bad value and its rule, whichever component takes it."""


def refused(component: Component, args: dict[str, Any], name: str = "it") -> list[str]:
    """Return the lines of the one error, whose first line names the component."""
    with pytest.raises(InvalidInputError) as error:
        component(name, args)
    head, *lines = str(error.value).splitlines()
    assert f"{component.__name__} {name} " in head
    return [line.strip() for line in lines]


@EACH
def test_all_missing_inputs_are_named_at_once(component: Component) -> None:
    required = inputs(component).__required_keys__
    if not required:
        declared(component, {})
        return
    assert {f'{name} = "": is required' for name in required} <= set(refused(component, {}))


@pytest.mark.parametrize(("component", "name"), EVERY_INPUT)
def test_a_misspelt_input_is_refused_with_the_name_that_was_meant(component: Component, name: str) -> None:
    misspelt = name[:-2] + name[-1] if len(name) > 4 else name + "s"
    (line,) = refused(component, {**LEAST[component], misspelt: "value"})
    assert line.startswith(f'{misspelt} = "')
    assert line.endswith(f": is an unknown name: did you mean {name}?")


@pytest.mark.parametrize(("component", "name"), [param for param in EVERY_INPUT if param.values[1] in OF_SEVERAL])
def test_what_several_components_take_is_judged_alike(component: Component, name: str) -> None:
    value, rule = OF_SEVERAL[name]
    assert refused(component, {**LEAST[component], name: value}) == [f'{name} = "{value}": {rule}']


WITHOUT_NAMES = {AwsCertificate, AwsDns, KotauthCredentials}
"""Components whose resources have no names of their own."""


@pytest.mark.parametrize(
    "component",
    [each for each in COMPONENTS if each not in WITHOUT_NAMES],
    ids=lambda component: component.__name__,
)
def test_a_name_that_aws_or_docker_refuses_is_named_with_the_inputs(component: Component) -> None:
    name = "auth.example" if component.__name__.startswith("Aws") else "team/identity"
    lines = refused(component, {**LEAST[component], "colour": "red"}, name)
    assert {line.split(" = ")[0] for line in lines} == {"name", "colour"}


@pytest.mark.parametrize("component", [AwsLaunchTemplate, AwsServerGroup, AwsSingleHost, AwsDeployment])
@pytest.mark.parametrize("name", ["aws-identity", "ssmith"])
def test_hosts_have_no_name_that_a_parameter_can_t_have(component: Component, name: str) -> None:
    rule = "must not begin with aws or ssm: Systems Manager refuses a parameter with such a name"
    assert refused(component, LEAST[component], name) == [f'name = "{name}": {rule}']


@pytest.mark.parametrize(("frontend", "longest"), [("alb", 21), ("caddy", 33)])
def test_a_deployment_has_a_name_that_each_of_its_resources_can_have(frontend: str, longest: int) -> None:
    args = {**LEAST[AwsDeployment], "frontend": frontend}
    args |= {} if frontend == "alb" else {"acme_email": "ops@example.com"}
    assert AwsSettings.resolve(args, "it", AwsDeploymentArgs, "x" * longest)
    rule = f"must be up to {longest} lower-case letters, digits and single hyphens: resources have it in their names"
    for name in ("x" * (longest + 1), "Kotauth", "a_b"):
        assert refused(AwsDeployment, args, name) == [f'name = "{name}": {rule}']


def test_a_network_that_should_be_closed_is_not_opened_by_a_typing_error() -> None:
    assert refused(DockerNetwork, {"intrnal": False}) == [
        'intrnal = "False": is an unknown name: did you mean internal?'
    ]
    assert refused(DockerNetwork, {"internal": "no"}) == ['internal = "no": must be exactly true or false']


@pytest.mark.parametrize(
    ("component", "args", "lines"),
    [
        (
            AwsServerGroup,
            {
                **LEAST[AwsServerGroup],
                "containers": [{**SPEC, "ports": [{"host": 443, "container": 8443}], "secret_files": ["key"]}],
                "secrets": {"key": {"arn": "arn:k", "version": "v1"}},
            },
            [
                'secrets.key.key_arn = "": is required',
                'secrets.key.version = "v1": is an unknown name: did you mean secrets.key.version_label?',
            ],
        ),
        (
            AwsServerGroup,
            {
                **LEAST[AwsServerGroup],
                "containers": [
                    {
                        **SPEC,
                        "ports": [{"host": 443, "container": 8443}],
                        "secret_files": ["key"],
                        "probe": {key: value for key, value in SPEC["probe"].items() if key != "command"},
                        "before_start": {"name": "guard", "image": "registry.example/x:1.2.3"},
                    }
                ],
                "secrets": {"key": {"key_arn": "arn:k"}},
            },
            [
                'containers[0].probe.command = "": is required',
                'containers[0].before_start.command = "": is required',
                'secrets.key.arn = "": is required',
            ],
        ),
        (
            AwsDns,
            {"name": "auth.example.com", "zone_id": "Z1", "alias": {"dns_nam": "x", "zone_id": "Z2"}},
            [
                'alias.dns_name = "": is required',
                'alias.dns_nam = "x": is an unknown name: did you mean alias.dns_name?',
            ],
        ),
        (
            DockerContainer,
            {
                "spec": {**SPEC, "probe": {**SPEC["probe"], "retry": 3}, "ports": [{"host": "", "container": 8443}]},
                "networks": [{"alias": "x"}],
            },
            [
                'spec.probe.retry = "3": is an unknown name: did you mean spec.probe.retries?',
                'spec.ports[0].host = "": is required',
                'networks[0].name = "": is required',
            ],
        ),
        (
            AwsLaunchTemplate,
            {**LEAST[AwsLaunchTemplate], "egress": [{"port": 443}], "watch": {"prt": 1}},
            [
                'watch.prt = "1": is an unknown name: did you mean watch.port?',
                'egress[0].description = "": is required',
            ],
        ),
    ],
)
def test_what_is_in_an_input_has_names_too(component: Component, args: dict[str, Any], lines: list[str]) -> None:
    assert refused(component, args) == lines


@pytest.mark.parametrize(
    ("component", "args"),
    [
        (AwsSecret, {"valeu": "hunter2", "description": "x"}),
        (DockerDatabaseRole, {**ROLE, "pasword": "hunter2"}),
        (DockerContainer, {"spec": SPEC, "secret": {"password": "hunter2"}}),
        (DockerContainer, {"spec": SPEC, "secrets": {"password": "hunter2"}}),
        (DockerFiles, {"image": "registry.example/x:1", "filse": {"a": "hunter2"}}),
    ],
)
def test_a_secret_is_not_shown_whatever_its_name(component: Component, args: dict[str, Any]) -> None:
    assert "hunter2" not in "\n".join(refused(component, args))


def test_the_secrets_of_a_container_are_its_files() -> None:
    spec = {**SPEC, "secret_files": ["key", "password"]}
    assert refused(DockerContainer, {"spec": spec, "secrets": {"key": "x", "other": "x"}}) == [
        'secrets = "[secret]": must be exactly the spec\'s secret files, "key", "password" (got "key", "other")'
    ]


@pytest.mark.parametrize("component", [DockerDeployment, AwsDeployment])
@pytest.mark.parametrize("others", [{}, {"acme_email": "ops@example.com"}, {"certificates": "acme"}])
def test_what_follows_from_a_bad_frontend_is_not_reported(component: Component, others: dict[str, str]) -> None:
    args = {name: value for name, value in LEAST[component].items() if name not in {"acme_email", "zone_id"}}
    (line,) = refused(component, {**args, **others, "frontend": "cady"})
    assert line.startswith('frontend = "cady": must be exactly ')


def test_a_host_s_own_component_names_what_can_t_run_there() -> None:
    spec = {**SPEC, "ports": [{"host": 443, "container": 8443}], "unprobed": True}
    for component in (AwsServerGroup, AwsSingleHost, AwsLaunchTemplate):
        lines = refused(component, {**LEAST[component], "containers": [spec], "instance_type": "small"})
        assert [line.split(" = ")[0] for line in lines] == [
            "instance_type",
            "containers[0].unprobed",
            "containers[0].probe",
        ]
        (line,) = refused(
            component,
            {
                **LEAST[component],
                "containers": [
                    {**spec, "unprobed": False, "probe": {"retries": 3, "interval_seconds": 1, "timeout_seconds": 1}}
                ],
            },
        )
        assert line == 'containers[0].probe.command = "": is required'


def test_an_output_where_a_plain_value_is_needed_is_called_by_its_name() -> None:
    late = pulumi.Output.from_input("t4g.small")
    rule = "must be a plain value: an Output may be unknown at preview"
    args = {**LEAST[AwsServerGroup], "instance_type": late}
    assert refused(AwsServerGroup, args) == [f'instance_type = "an Output": {rule}']


@pytest.mark.parametrize("name", ['x"; DROP', "Kotauth", "1st", "a" * 64, "host=elsewhere"])
@pytest.mark.parametrize("component", [component for component in COMPONENTS if "Database" in component.__name__])
def test_the_name_of_a_database_is_safe_in_sql_and_in_a_connection_string(component: Component, name: str) -> None:
    (line,) = refused(component, {**LEAST[component], "database": name})
    assert line.startswith(f'database = "{name}": must be up to 63 lower-case letters, digits and underscores')


def test_the_name_of_a_database_reaches_it() -> None:
    database = declared(DockerDatabase, {"network": "back", "database": "identity_2"})
    assert "DATABASE=identity_2" in database.named("it", ":Container").inputs["envs"]
    role = declared(DockerDatabaseRole, {**ROLE, "database": "identity_2"})
    assert "PGDATABASE=identity_2" in role.named("it", ":Container").inputs["envs"]


def template(component: Component, **more: Any) -> Declared:
    return declared(component, {**LEAST[component], **more})


@HOSTS
@pytest.mark.parametrize(
    ("egress", "name", "rule"),
    [
        ([{"port": 0, "description": "x"}], "egress[0].port", "must be a TCP port"),
        ([{"port": 443, "description": "x"}] * 2, "egress", "must name each port once"),
        ([{"port": 443, "description": "mail < 1 MB"}], "egress[0].description", "must be up to 255 letters"),
    ],
)
def test_ways_out_are_those_that_aws_takes(
    component: Component, egress: list[dict[str, Any]], name: str, rule: str
) -> None:
    (line,) = refused(component, {**LEAST[component], "egress": egress})
    assert line.startswith(f"{name} = ")
    assert f": {rule}" in line


@HOSTS
@pytest.mark.parametrize(
    ("args", "line"),
    [
        ({"image_id": "ami-1"}, 'image_id = "ami-1": must be an id such as ami-0123456789abcdef0'),
        (
            {"watch": {"part": "web"}},
            "watch = \"{'part': 'web'}\": part must be the part of one of the containers: choose from server",
        ),
        ({"watch": {"port": 0}}, "watch = \"{'port': 0}\": must be a TCP port, a whole number from 1 to 65535"),
        (
            {"watch": {"path": "live"}},
            "watch = \"{'path': 'live'}\": path must begin with a slash and contain no spaces, such as /health",
        ),
        ({"containers": []}, 'containers = "[]": must be one container or more'),
    ],
    ids=lambda value: "-".join(value) if isinstance(value, dict) else "",
)
def test_every_launched_host_is_told_alike(component: Component, args: dict[str, Any], line: str) -> None:
    (said,) = refused(component, {**LEAST[component], **args})
    assert said.startswith(line)


def published(*ports: int) -> dict[str, list[dict[str, Any]]]:
    """Return a container for each port."""
    return {
        "containers": [
            {**SPEC, "part": f"part{number}", "ports": [{"host": port, "container": 8443}]}
            for number, port in enumerate(ports)
        ]
    }


@pytest.mark.parametrize("component", [AwsServerGroup, AwsSingleHost])
@pytest.mark.parametrize("ports", [[8443], [443, 443]], ids=["none", "two"])
def test_exactly_one_container_is_reached(component: Component, ports: list[int]) -> None:
    count, parts = ports.count(443), ", ".join(f"part{number}" for number in range(len(ports)))
    rule = f"exactly one must publish port 443 of the host (got {count}): change their ports"
    assert refused(component, {**LEAST[component], **published(*ports)}) == [f'containers = "{parts}": {rule}']


def test_a_template_may_publish_any_port_but_none_twice() -> None:
    template(AwsLaunchTemplate, **published(8443, 8444))
    rule = "exactly one must publish port 8443 of the host (got 2): change their ports"
    args = {**LEAST[AwsLaunchTemplate], **published(8443, 8443)}
    assert refused(AwsLaunchTemplate, args) == [f'containers = "part0, part1": {rule}']
