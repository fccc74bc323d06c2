"""The stack as a whole: required parts, a single frontend and trusted headers."""

from __future__ import annotations

import re
from collections.abc import Iterator

from ...engine.resource import Resource, Stack
from ...engine.rule import Area, Kind, Parameter, References, Settings, Severity
from ...engine.value import Value, texts
from ...engine.verdict import Verdict, fail, undecidable
from ...readers.aws.resources import DATABASE_INSTANCE, LOAD_BALANCERS
from ...readers.docker.containers import options
from ...readers.docker.parts import DATABASE, FRONTEND, SERVER, is_part, parts_in
from ...readers.docker.resources import CONTAINER, known_image
from ...readers.kotauth.server import Upload, file_name, is_server, servers_of, uploads, variables
from ...readers.proxies.certificates import faults as certificate_faults
from ...readers.proxies.certificates import names_test_authority, resolvers, resolvers_in
from ...readers.proxies.directives import Finding
from ...readers.proxies.external import has_external_proxy, traefik_labels
from ...readers.proxies.forwarded_headers import HEADERS, parsed, passed_headers
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
_UNTRUSTED = "names the test authority of Let's Encrypt, which no client trusts"
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
    read: dict[str, Upload] = {}
    for upload in uploads(container):
        content = upload.content
        if content.is_unknown:
            if _is_of_proxy(upload.file):
                yield undecidable(content.path)
        elif upload.is_of_machine:
            if _is_of_proxy(upload.file) or "nginx" in upload.file:
                yield undecidable(content.path, "is a file that the rule does not read; set its text as `content`")
        elif directive := believed_in_file(upload.text):
            yield fail(content.path, f"{_BELIEVES} ({directive})")
        elif is_appended_in_file(upload.text) and servers_of(container):
            yield fail(content.path, "appends to the header X-Forwarded-For that the client sends")
        else:
            read[upload.file] = upload
    headers = settings.texts("headers")
    if read and servers_of(container):
        for file, finding in dict.fromkeys(passed_headers({file: each.text for file, each in read.items()}, headers)):
            yield _verdict(read[file].content, finding)
    if is_server(container) and is_enabled(labels := traefik_labels(container)):
        for finding in passed_by_labels(labels, headers):
            yield _verdict(container.get("labels"), finding)


def _is_of_proxy(file: str) -> bool:
    """Whether the name of a file is that of a proxy's configuration."""
    name = file_name(file).lower()
    return name.endswith((".conf", ".conf.template", "caddyfile")) or re.fullmatch(_TRAEFIK_FILE, name) is not None


def _verdict(value: Value, finding: Finding) -> Verdict:
    return undecidable(value.path, finding.reason) if finding.is_open else fail(value.path, finding.reason)


@AREA.rule(
    "certify-frontends",
    Severity.HIGH,
    "Serve every site of the frontend with a certificate that clients trust.",
    remedy="Name an ACME authority that browsers trust, or certificate files. Files belong in `ssl_certificate` and "
    "`ssl_certificate_key` (nginx), `tls` (Caddy) or `tls.certificates` (Traefik).",
    types=(CONTAINER,),
    references=References(checklist=(4,)),
)
def certify_frontends(container: Resource, _: Settings) -> Iterator[Verdict]:
    """Clients refuse a certificate that a proxy signs itself, or that a test authority issued.

    The rule accepts an authority of the proxy's own that is switched on by name, such as Caddy's `tls internal`.
    """
    if not servers_of(container):
        return
    for option in options(container):
        if not option.is_unknown and names_test_authority(option.text() or ""):
            yield fail(option.path, _UNTRUSTED)
    files = {upload.file: upload for upload in uploads(container)}
    for upload in files.values():
        if upload.content.is_unknown and _is_of_proxy(upload.file):
            yield undecidable(upload.content.path)
        elif names_test_authority(upload.text):
            yield fail(upload.content.path, _UNTRUSTED)
    defined, is_complete = container.in_stack().once(_resolvers)
    configurations = parsed({file: upload.text for file, upload in files.items()})
    for file, finding in certificate_faults(configurations, defined, is_complete=is_complete):
        yield _verdict(files[file].content, finding)


def _resolvers(stack: Stack) -> tuple[frozenset[str], bool]:
    """Return the certificate resolvers of Traefik in a stack, and whether these are all."""
    given = [option for frontend in parts_in(stack, FRONTEND) for option in options(frontend)]
    known = texts(given)
    in_files = (
        name for each in stack.everywhere(CONTAINER) for upload in uploads(each) for name in resolvers_in(upload.text)
    )
    return frozenset({*resolvers(known), *in_files}), len(known) == len(given)


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
