"""The metrics that come out of the hosts' log as data: which lines each counts."""

from __future__ import annotations

LOGS = "logs"
"""Stands for the namespace of the metrics that come out of the log."""

CLIENT_ERRORS = (
    # Kotauth answers a request without a valid API key twice: the 401 goes out, the second answer throws.
    "java.lang.UnsupportedOperationException: Headers can no longer be set because response was already completed*",
    "io.ktor.server.engine.BaseApplicationResponse*ResponseAlreadySentException*",
    # Bodies, parameters and addresses that can't be read.
    "io.ktor.server.plugins.*Exception*",
    "io.ktor.http.*Exception*",
    # The client went away in the middle of its request.
    "io.ktor.util.cio.Channel*Exception*",
    "java.nio.channels.ClosedChannelException*",
    "java.io.IOException: Broken pipe*",
    "java.io.IOException: Connection reset*",
)
"""Beginnings of the stack traces of errors that any client can cause, as often as it likes.

Kotauth's handler of exceptions (`Application.kt`) logs each of them as ERROR. The second half is what Ktor itself takes
for the client's fault: its engine logs these as DEBUG. An exception that has one of them as its cause still counts.
"""
_NOT_A_CLIENTS = " && ".join(f'($.stack_trace != "{beginning}")' for beginning in CLIENT_ERRORS)

FILTERS = {
    # A line without a stack trace is said twice: CloudWatch compares nothing with a field that isn't there.
    "errors": f'{{ ($.level = "ERROR") && (($.stack_trace NOT EXISTS) || ({_NOT_A_CLIENTS})) }}',
    # The access line of a refused login, colours in it or not; 429 is Kotauth's own limit.
    "failed_logins": (
        '{ (($.message = "*401 Unauthorized*") || ($.message = "*429 Too Many Requests*"))'
        ' && ($.message = "*POST*") && ($.message = "*/authorize in *") }'
    ),
    "host_failures": '{ ($.kotauth = "boot") && ($.outcome = "failed") }',
    "readiness_lost": '{ ($.kotauth = "boot") && ($.stage = "readiness") && ($.outcome = "lost") }',
}
"""Metric to the lines that it counts."""
