"""The stack as a whole: required parts, a single frontend and trusted headers."""

from __future__ import annotations

import base64
import binascii
import re
from collections.abc import Iterator

from ...engine.resource import Resource
from ...engine.rule import Area, Kind, Parameter, References, Settings, Severity
from ...engine.value import Value
from ...engine.verdict import Verdict, fail, undecidable
from ...readers.aws.resources import DATABASE_INSTANCE, LOAD_BALANCERS
from ...readers.docker.parts import DATABASE, FRONTEND, SERVER, is_part, parts_in
from ...readers.docker.resources import CONTAINER, known_image
from ...readers.kotauth.server import file_name, is_server, servers_of, uploads, variables
from ...readers.proxies.directives import Finding
from ...readers.proxies.external import has_external_proxy, traefik_labels
from ...readers.proxies.forwarded_headers import HEADERS, passed_headers
from ...readers.proxies.traefik import is_enabled, passed_by_labels
from ...readers.proxies.trusted_clients import (
    believed_in_command,
    believed_in_file,
    is_appended_in_file,
    is_believed_by_label,
    is_believed_by_variable,
)

AREA = Area("topology")
_DEPLOYMENTS = ("kotauth:index:AwsDeployment", "kotauth:index:DockerDeployment")
_MANAGED = {DATABASE: (DATABASE_INSTANCE,), FRONTEND: LOAD_BALANCERS}
"""Parts that AWS runs itself."""
_SHOWN = 3
_TRAEFIK_FILE = r".*traefik.*\.(ya?ml|toml|json)|(dynamic|routers)\.(ya?ml|toml)"
_BELIEVES = "trusts X-Forwarded-For from every client"


@AREA.rule(
    "complete-stack",
    Severity.HIGH,
    "Run the Kotauth server together with the parts that it needs, such as a database and a frontend.",
    remedy="Add the missing part, or remove it from the rule's parameter `parts` if another stack runs it.",
    types=(CONTAINER,),
    when=is_server,
    references=References(checklist=(2, 3)),
    parameters=(Parameter("parts", Kind.TEXTS, [DATABASE, FRONTEND], "Parts that must be in the same stack."),),
)
def complete_stack(server: Resource, settings: Settings) -> Iterator[Verdict]:
    """A missing part breaks no other rule."""
    for part in settings.texts("parts"):
        managed = server.in_stack().of_type(*_MANAGED.get(part, ())) or (
            part == FRONTEND and has_external_proxy(server)
        )
        if not managed and not parts_in(server.in_stack(), part):
            yield fail("", f"the stack has no {part}")


@AREA.rule(
    "find-kotauth-server",
    Severity.CRITICAL,
    "Run the Kotauth server of every deployment in a form that the rules can evaluate.",
    remedy="Start the server as a `docker.Container`, or with a `docker run` in the user data of a host.",
    types=_DEPLOYMENTS,
    references=References(checklist=(1,)),
    waivable=False,
)
def find_kotauth_server(deployment: Resource, _: Settings) -> Iterator[Verdict]:
    """A server that no rule recognises would pass all rules."""
    if not parts_in(deployment.in_stack(), SERVER):
        yield fail("", "starts no Kotauth server that the rules can evaluate")


@AREA.rule(
    "run-one-frontend",
    Severity.HIGH,
    "Run exactly one frontend.",
    remedy="Set the label `kotauth.part` of the other container to its real role, or remove the container.",
    types=(CONTAINER,),
    when=is_part(FRONTEND),
    references=References(checklist=(3, 4, 5, 6)),
)
def run_one_frontend(frontend: Resource, _: Settings) -> Iterator[Verdict]:
    """A second frontend has its own routes and headers, which no operator reviews."""
    frontends = parts_in(frontend.in_stack(), FRONTEND)
    others = [other.name for other in frontends[: _SHOWN + 1] if other is not frontend][:_SHOWN]
    if others:
        more = len(frontends) - 1 - len(others)
        yield fail("", f"is a frontend beside {', '.join(sorted(others))}{f' and {more} more' if more else ''}")
    if any(map(has_external_proxy, servers_of(frontend))):
        yield fail("", "is a frontend beside the proxy outside of the stack for which the server has labels")


@AREA.rule(
    "overwrite-forwarded-headers",
    Severity.HIGH,
    "Set or remove each forwarded header that Kotauth trusts in the proxy that clients connect to.",
    remedy="Let this proxy accept these headers only from your other proxies, and set X-Forwarded-For to the client's "
    "address. Set or remove the others by `proxy_set_header` (nginx), `header_up` (Caddy) or `customRequestHeaders` "
    "(Traefik).",
    types=(CONTAINER,),
    references=References(checklist=(5,)),
    parameters=(
        Parameter("headers", Kind.TEXTS, [*HEADERS], "Headers that the proxy must set or remove.", relaxes=True),
    ),
)
def overwrite_forwarded_headers(container: Resource, settings: Settings) -> Iterator[Verdict]:
    """Kotauth uses the first entry of each of these headers.

    If a proxy passes a header on, or appends to it, clients choose their own address, or the host name of links.
    """
    yield from _believed_by_options(container)
    contents: dict[str, Value] = {}
    for upload in uploads(container):
        file, content = upload.entry.field("file").text() or "", upload.content
        if content.is_unknown:
            if _is_of_proxy(file):
                yield undecidable(content.path)
        elif content.path.endswith(".source"):
            if _is_of_proxy(file) or "nginx" in file:
                yield undecidable(content.path, "is a file that the rule does not read; set its text as `content`")
        elif directive := believed_in_file(text := _text(content)):
            yield fail(content.path, f"{_BELIEVES} ({directive})")
        elif is_appended_in_file(text) and servers_of(container):
            yield fail(content.path, "appends to the header X-Forwarded-For that the client sends")
        else:
            contents[file] = content
    headers = settings.texts("headers")
    if contents and servers_of(container):
        files = {file: _text(content) for file, content in contents.items()}
        for file, finding in dict.fromkeys(passed_headers(files, headers)):
            yield _verdict(contents[file], finding)
    if is_server(container) and is_enabled(labels := traefik_labels(container)):
        for finding in passed_by_labels(labels, headers):
            yield _verdict(container.get("labels"), finding)


def _is_of_proxy(file: str) -> bool:
    """Whether the name of a file is that of a proxy's configuration."""
    name = file_name(file).lower()
    return name.endswith((".conf", ".conf.template", "caddyfile")) or re.fullmatch(_TRAEFIK_FILE, name) is not None


def _verdict(value: Value, finding: Finding) -> Verdict:
    return undecidable(value.path, finding.reason) if finding.is_open else fail(value.path, finding.reason)


def _believed_by_options(container: Resource) -> Iterator[Verdict]:
    image = known_image(container.get("image"))
    if container.get("command").is_unknown and image and image.repository.endswith("/traefik"):
        yield undecidable("command")
    # One word of a command may be unknown, such as an address for mail.
    words = [
        word.known_text()
        for name in ("entrypoints", "command")
        if not container.get(name).is_unknown
        for word in container.get(name).items()
    ]
    if flag := believed_in_command(words):
        yield fail("command", f"{_BELIEVES} (--{flag})")
    if not container.get("envs").is_unknown:
        for environment_variable in variables(container):
            if is_believed_by_variable(environment_variable.name, environment_variable.text):
                yield fail(environment_variable.entry.path, f"{_BELIEVES} ({environment_variable.name})")
    if not container.get("labels").is_unknown:
        for environment_variable in container.get("labels").items():
            name, text = environment_variable.field("label"), environment_variable.field("value")
            if (
                not name.is_unknown
                and not text.is_unknown
                and is_believed_by_label(name.text() or "", text.text() or "")
            ):
                yield fail(text.path, f"{_BELIEVES} ({name.text()})")


def _text(content: Value) -> str:
    text = content.text() or ""
    if not content.path.endswith(".contentBase64"):
        return text
    try:
        return base64.b64decode(text).decode(errors="replace")
    except binascii.Error:
        return ""
