"""The settings of the log route."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import pulumi

from ..inputs.declaration import Problem, together
from ..inputs.image import Image
from ..inputs.problems import Problems, unless_later
from ..logs import collector
from ..logs.route import (
    NONE,
    ROUTES,
    destination,
    headers,
    headers_file,
    parse_endpoint,
    parse_group,
    parse_headers,
    parse_logs,
    parse_region,
    parse_site,
    parse_stream,
    parse_token,
)
from .declaration import setting

_OF_A_ROUTE = (
    *("logs_endpoint", "logs_site", "logs_region", "logs_group", "logs_stream"),
    *("logs_token", "logs_headers"),
)


@dataclass(frozen=True, kw_only=True)
class LogSettings:
    """Where the log lines of a deployment go. A target inherits these settings."""

    logs: str = setting(
        str,  # its own rule is in `check_route`, so that the other settings aren't refused beside a bad name
        default=NONE,
        about="Where log lines go: none (they stay on the host), loki, datadog, cloudwatch, or otlp (any endpoint that "
        "takes OTLP over HTTP). Codes, tokens and passwords are removed before a line leaves the host.",
        allowed="none, loki, datadog, cloudwatch or otlp",
    )
    logs_endpoint: str | None = setting(
        parse_endpoint,
        default=None,
        about="Address of Loki, or of the OTLP endpoint. "
        "The path /otlp/v1/logs (Loki) or /v1/logs is appended unless it ends so. "
        "Required with {logs} loki or otlp.",
        allowed="an https URL, or http://host.docker.internal:PORT for a service on the Docker host",
    )
    logs_site: str | None = setting(
        parse_site,
        default=None,
        about="Datadog site. Not every site has an OTLP intake for logs. Required with {logs} datadog.",
    )
    logs_region: str | None = setting(
        parse_region, default=None, about="Region of CloudWatch Logs. Required with {logs} cloudwatch."
    )
    logs_group: str | None = setting(
        parse_group,
        default=None,
        about="Existing log group, which must allow bearer tokens. Required with {logs} cloudwatch.",
    )
    logs_stream: str | None = setting(
        parse_stream, default=None, about="Existing log stream of {logs_group}. Required with {logs} cloudwatch."
    )
    logs_token: str | pulumi.Output[str] | None = setting(
        unless_later(parse_token),
        default=None,
        secret=True,
        about="API key of Datadog, or bearer token of the other destinations. "
        "In a stack, set it with `pulumi config set --secret`. "
        "Required with {logs} datadog or cloudwatch.",
    )
    logs_headers: dict[str, str] | pulumi.Output[str] | None = setting(
        unless_later(parse_headers),
        default=None,
        secret=True,
        about="HTTP headers for Loki or the OTLP endpoint, as a JSON object of header to value. "
        "In a stack, set it with `pulumi config set --secret`.",
    )
    logs_image: Image = setting(
        collector.parse_image,
        default=collector.parse_image(collector.DEFAULT_IMAGE),
        about="Image of the OpenTelemetry Collector with an exact tag. It must have the components of the contrib "
        "distribution.",
    )

    @property
    def has_log_route(self) -> bool:
        """Whether log lines go anywhere."""
        return self.logs in ROUTES

    @property
    def logs_destination(self) -> str:
        """The URL that log lines are sent to."""
        return destination(
            self.logs, endpoint=self.logs_endpoint or "", site=self.logs_site or "", region=self.logs_region or ""
        )

    @property
    def has_log_headers(self) -> bool:
        """Whether the destination needs headers."""
        return bool(self.logs_token or self.logs_headers)

    def log_headers(self, subject: str) -> pulumi.Output[str]:
        """Return the secret file with the headers of the destination.

        An Output is checked when its value is known; the error names the ``subject``.
        """
        both = pulumi.Output.all(self.logs_token, self.logs_headers)
        return pulumi.Output.secret(both.apply(lambda pair: self._file(subject, *pair)))

    @together
    def check_route(self) -> Iterator[Problem]:
        """Check that exactly the settings of the chosen route are set."""
        try:
            route = ROUTES.get(parse_logs(self.logs))
        except ValueError as error:
            yield Problem("logs", self.logs, str(error))
            return
        for name in _OF_A_ROUTE:
            given = getattr(self, name)
            if given and (not route or name not in (*route.required, *route.optional)):
                routes = [kind for kind, other in ROUTES.items() if name in (*other.required, *other.optional)]
                yield Problem(name, given, f"is only for {{logs}} {' or '.join(routes)}: remove it, or change {{logs}}")
            elif route and name in route.required and not given:
                yield Problem(name, "", f"is required with {{logs}} {self.logs}: set it")

    @together
    def check_authorization(self) -> Iterator[Problem]:
        """Check that there are not two credentials."""
        given = self.logs_headers
        if self.logs_token and isinstance(given, dict) and "authorization" in map(str.lower, given):
            yield Problem("logs_headers", given, "must not have Authorization beside {logs_token}: remove one of them")

    def _file(self, subject: str, token: object, more: object) -> str:
        """Return the content of the secret file; raise ``InvalidInputError`` for an Output with a bad value."""
        problems = Problems(subject)
        problems.hide(["logs_token", "logs_headers"])
        given = problems.check("logs_token", token, parse_token) if token else ""
        others: dict[str, str] = problems.check("logs_headers", more, parse_headers) if more else {}
        problems.refuse()
        made = headers(self.logs, given, others, group=self.logs_group or "", stream=self.logs_stream or "")
        return headers_file(made)
