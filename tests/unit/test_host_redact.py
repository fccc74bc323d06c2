"""What leaves the host: lines as Kotauth and Caddy write them, without what would let their reader in."""

from __future__ import annotations

import json

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from components.aws.host.scripts.redact import redact
from tests import processor_time
from tests.log_lines import ACCESS, CODE, COLOURS, JSON, JWT, QUERY, STATE, kotauth


def message(line: str) -> str:
    return json.loads(line)["message"]


def test_an_access_line_with_a_redirect() -> None:
    line = redact(kotauth(ACCESS.format(CODE, STATE)))
    assert message(line) == (
        "302 Found: POST - /t/acme/authorize in 46ms -> https://app.example.com/cb?code=[redacted]&state=[redacted]"
    )


def test_colours_go_also_where_they_are_no_json() -> None:
    assert redact("\x1b[32m200 OK\x1b[m: \x1b[36mGET\x1b[m - /t/acme/account in 3ms") == (
        "200 OK: GET - /t/acme/account in 3ms"
    )


@pytest.mark.parametrize(
    "address",
    [
        "https://auth.example.com/t/acme/reset-password?token={}",
        "https://auth.example.com/t/acme/verify-email?token={}&utm=1",
        "https://auth.example.com/t/acme/accept-invite?lang=en&token={}",
        "https://auth.example.com/t/acme/magic-link?token={}#top",
        "https://app.example.com/#access_token={}&token_type=bearer",
        "/t/acme/protocol/openid-connect/logout?id_token_hint={}&post_logout_redirect_uri=https%3A%2F%2Fapp",
        "https://app.example.com/cb?session_state={}&iss=x",
        "/cb?error=access_denied&state={}",
        "/t/acme/authorize?nonce={}",
        "/token?client_secret={}",
        "/token?client_assertion={}",
        "/token?code_verifier={}",
        "/login?password={}",
        "/login?new_password={}",
        "/register?redirect_uri=https%3A%2F%2Fapp%2Fcb%3Fcode%3D{}%26x%3D1",
        "/x?State={}",
        "/bucket/key?X-Amz-Signature={}",
    ],
)
@pytest.mark.parametrize("value", [CODE, JWT, "with%2Fescapes%3D%3D", "ends+with=="])
def test_no_value_of_a_query_gets_out(address: str, value: str) -> None:
    for line in (address.format(value), kotauth(f"GET - {address.format(value)} done")):
        out = redact(line)
        assert value not in out
        assert value[4:] not in out
        assert "[redacted]" in out
    assert message(out).endswith(" done")


def test_an_encoded_address_within_an_address_keeps_its_rest() -> None:
    line = "/a?next=%2Fcb%3Fcode%3Dabcdef%26lang%3Den"
    assert redact(line) == "/a?next=%2Fcb%3Fcode%3D[redacted]%26lang%3Den"


def test_ampersands_as_go_s_json_writes_them() -> None:
    uri = f"/t/acme/authorize?code={CODE}&state={STATE}&lang=en"
    line = json.dumps({"logger": "http.log.error", "request": {"uri": uri}}).replace("&", "\\u0026")
    out = redact(line)
    assert json.loads(out)["request"]["uri"] == "/t/acme/authorize?code=[redacted]&state=[redacted]&lang=en"


@pytest.mark.parametrize("name", ["password", "token", "refresh_token", "client_secret", "Authorization", "Set-Cookie"])
@pytest.mark.parametrize("value", ["plain-value-1", 'a "quoted" value-1', "back\\slash value-1\\", "line\nvalue-1"])
def test_fields_of_json_also_within_a_text(name: str, value: str) -> None:
    inner = json.dumps({name: value, "kept": "yes"})
    for line in (inner, json.dumps({"message": inner}), kotauth(f"body {inner}")):
        out = redact(line)
        assert "value-1" not in out
        outer = json.loads(out)
        assert '"kept": "yes"' in outer.get("message", out)


def test_a_header_as_caddy_logs_it() -> None:
    line = json.dumps({"request": {"headers": {"Authorization": ["Bearer abcdef123456"], "Accept": ["*/*"]}}})
    assert json.loads(redact(line))["request"]["headers"] == {"Authorization": ["[redacted]"], "Accept": ["*/*"]}


@pytest.mark.parametrize(
    "secret",
    [
        f"Authorization: Bearer {JWT}",
        "authorization: Basic dXNlcjpwYXNzd29yZA==",
        f"id token {JWT} was refused",
        "key kauth_master_0123456789abcdefABCDEF0123456789 used",
        "cookie KOTAUTH_ADMIN=c2Vzc2lvbg.signature123; Path=/",
    ],
)
def test_headers_tokens_and_keys_anywhere(secret: str) -> None:
    out = redact(secret)
    for part in (JWT, "dXNlcjpwYXNzd29yZA", "0123456789abcdefABCDEF", "c2Vzc2lvbg", "signature123"):
        assert part not in out


@pytest.mark.parametrize(
    "line",
    [
        kotauth("Responding at http://0.0.0.0:8080"),
        kotauth("200 OK: GET - /t/acme/.well-known/openid-configuration in 3ms"),
        "key guard: the secret key fits the database (key id 0a1b2c3d)",
        '{"kotauth": "boot", "stage": "images", "outcome": "ok", "detail": ""}',
        "FATAL: KAUTH_SECRET_KEY must be set (32+ chars).",
        "status_code=302 error_code=7 code",
        '{"level":"ERROR","code":500,"state":"running"}',
        "docker: Error response from daemon: No such image: server.",
        'org.postgresql.util.PSQLException: FATAL: password authentication failed for user "kotauth_a"',
    ],
)
def test_what_operators_need_stays(line: str) -> None:
    assert redact(line) == line


def test_twice_is_the_same_as_once() -> None:
    once = redact(kotauth(ACCESS.format(CODE, STATE)))
    assert redact(once) == once


@pytest.mark.parametrize("line", ["code=" * 20_000, '"token":"' * 10_000, "%3Fcode%3D" * 10_000, "\\" * 100_000])
def test_no_line_takes_long(line: str) -> None:
    assert processor_time.seconds(lambda: redact(line)) < 2


def test_the_jvm_s_own_line_is_left_as_it_is() -> None:
    line = "Picked up JAVA_TOOL_OPTIONS: -XX:ActiveProcessorCount=8 -XX:+UseSerialGC"
    assert redact(line) == line


TEXTS = st.lists(st.sampled_from(QUERY + JSON + COLOURS), max_size=12).map("".join) | st.text(max_size=20)
FIELDS = st.dictionaries(st.sampled_from(["message", "password", "api_key", "x"]), TEXTS, max_size=3)


@given(fields=FIELDS | st.fixed_dictionaries({"message": FIELDS.map(json.dumps)}), ascii_only=st.booleans())
@example(fields={"message": '{"x": "\\u001b[31mred"}'}, ascii_only=True)  # colours within JSON within a text
def test_a_line_of_json_stays_one(fields: dict[str, str], ascii_only: bool) -> None:
    line = redact(json.dumps(fields, ensure_ascii=ascii_only))
    assert json.loads(line).keys() == fields.keys()


@given(
    st.sampled_from(["code", "state", "access_token", "client_secret"]),
    st.from_regex(r"[A-Za-z0-9._~-]{6,40}", fullmatch=True),
)
def test_no_value_of_a_secret_parameter_leaves(key: str, value: str) -> None:
    line = kotauth(f"302 Found -> https://app.example.com/cb?lang=en&{key}={value}&utm=1")
    assert message(redact(line)) == f"302 Found -> https://app.example.com/cb?lang=en&{key}=[redacted]&utm=1"
