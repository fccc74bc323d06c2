"""Properties of what reads text, for any text: nothing crashes, and what is written is what is read."""

from __future__ import annotations

import contextlib
import ipaddress
import json
import math
import re
import xml.etree.ElementTree as ET
from datetime import date
from pathlib import Path
from typing import Any

import pytest
import yaml
from google.protobuf import struct_pb2
from hypothesis import assume, example, given, settings
from hypothesis import strategies as st

from policy.kotauth_policy.engine.value import decode
from policy.kotauth_policy.engine.verdict import MalformedError
from policy.kotauth_policy.engine.waiver_file import FILE_VARIABLE, WaiverFileError, read_waivers
from policy.kotauth_policy.formats import FORMATS, read
from policy.kotauth_policy.readers.aws.actions import matches
from policy.kotauth_policy.readers.docker.image import Image, parse_image
from policy.kotauth_policy.readers.networks import is_nearly_all, parse_network
from policy.kotauth_policy.readers.secrets.text import has_secret, secret_words
from policy.testing.wire import RULES

from .reports import document, finding, rule, text

NAMES = st.text("abcXYZ:*?[]-./", max_size=12)


@given(NAMES, NAMES)
@example("s3:[a]*", "s3:[a]b")
def test_only_stars_and_question_marks_are_wildcards(pattern: str, name: str) -> None:
    expected = re.escape(pattern).replace(r"\*", ".*").replace(r"\?", ".")
    assert matches(pattern, name) == bool(re.fullmatch(expected, name, re.IGNORECASE | re.DOTALL))


@given(NAMES, st.data())
def test_a_star_matches_whatever_it_replaces(name: str, data: st.DataObject) -> None:
    start = data.draw(st.integers(0, len(name)))
    assert matches(f"{name[:start]}*{name[data.draw(st.integers(start, len(name))) :]}", name)


_PART = st.from_regex(r"[a-z0-9]+(-[a-z0-9]+)?", fullmatch=True)
_HOSTS = st.sampled_from(["ghcr.io", "localhost", "registry.example.com:5000", "123456789012.dkr.ecr.eu-north-1.aws"])
_VERSION = st.lists(st.integers(0, 999), min_size=3, max_size=4)


@given(_HOSTS, st.lists(_PART, min_size=1, max_size=3), _VERSION, st.none() | st.integers(0, 16**64 - 1))
def test_an_image_is_read_as_it_is_written(host: str, path: list[str], version: list[int], number: int | None) -> None:
    repository, tag = "/".join([host, *path]), ".".join(map(str, version))
    digest = None if number is None else f"sha256:{number:064x}"
    image = parse_image(f"{repository}:{tag}" + (f"@{digest}" if digest else ""))
    assert image is not None
    assert image == Image(repository, tag, digest)
    assert image.is_exact
    assert image.version == tuple(version)


@given(st.lists(_PART, min_size=1, max_size=3), st.integers(0, 999), st.integers(0, 99))
def test_an_image_that_can_move_is_not_exact(path: list[str], major: int, minor: int) -> None:
    assume(path[-1] not in ("postgres", "debian"))
    for tag in ("", f":{major}", f":{major}.{minor}", f":{major}-latest", ":latest"):
        image = parse_image("/".join(["ghcr.io", *path]) + tag)
        assert image
        assert not image.is_exact, tag


@given(st.text(max_size=40))
@example("a" * 600)
def test_any_text_is_an_image_or_none(reference: str) -> None:
    image = parse_image(reference)
    assert image is None or parse_image(f"{image.repository}{f':{image.tag}' if image.tag else ''}") == Image(
        image.repository, image.tag, None
    )


@given(st.ip_addresses(), st.data())
def test_a_network_is_read_whatever_bits_its_address_has(address: Any, data: st.DataObject) -> None:
    prefix = data.draw(st.integers(0, address.max_prefixlen))
    network = parse_network(f"{address}/{prefix}")
    assert network is not None
    assert network == ipaddress.ip_network((address, prefix), strict=False)
    assert is_nearly_all(network) == (prefix < (8 if address.version == 4 else 16))


@given(st.text(max_size=30))
def test_any_text_is_a_network_or_none(spelling: str) -> None:
    network = parse_network(spelling)
    assert network is None or parse_network(str(network)) == network


def _number(raw: Any) -> float | None:
    wire = struct_pb2.Struct()
    wire.update({"a": raw})
    return decode(wire).field("a").number()


@given(st.floats(allow_nan=False, allow_infinity=False) | st.integers(-(10**15), 10**15))
def test_a_number_is_its_spelling(number: float) -> None:
    assert _number(str(number)) == _number(number) == number


@given(st.text("0123456789.e+-_xnaif ", max_size=8))
@example("1e999")
def test_any_other_text_is_no_number(spelling: str) -> None:
    try:
        number = _number(spelling)
    except MalformedError:
        return
    assert number is not None
    assert math.isfinite(number)
    assert number == float(spelling)


@given(st.text(max_size=40), st.text(max_size=40))
@example("\x00\x1b[31m\ud800\ufffe ]]> <&>\"'", "\r\n\x85\u2028")
def test_each_format_holds_any_text(message: str, name: str) -> None:
    urn = f"urn:pulumi:prod::shop::docker:index/container:Container::{name}"
    report = read(text(document(rule("limit-memory", finding(urn=urn, message=message)))))
    cases = ET.fromstring(FORMATS["junit"](report))  # noqa: S314 - our own
    assert cases.get("failures") == "1"
    (result,) = json.loads(FORMATS["sarif"](report))["runs"][0]["results"]
    assert result["ruleId"] == "limit-memory"
    table = FORMATS["table"](report)
    assert len(table.splitlines()) == len(
        FORMATS["table"](read(text(document(rule("limit-memory", finding()))))).splitlines()
    )
    assert table.isprintable() or set(filter(lambda letter: not letter.isprintable(), table)) == {"\n"}


_LINE = st.text(
    st.characters(codec="utf-8", exclude_categories=("Cc", "Cs", "Zs", "Zl", "Zp")), min_size=1, max_size=20
)
_WAIVABLE = sorted(each.name for each in RULES if each.waivable)


@pytest.fixture(scope="module")
def waivers(tmp_path_factory: pytest.TempPathFactory) -> Any:
    with pytest.MonkeyPatch.context() as patch:
        file = tmp_path_factory.mktemp("waivers") / "waivers.yaml"
        patch.setenv(FILE_VARIABLE, str(file))
        yield file


@given(st.binary(max_size=80) | st.text(max_size=80).map(lambda written: written.encode("utf-8", "surrogatepass")))
@example(b"waivers: [&a {rule: *a}]")
def test_any_file_is_waivers_or_refused(waivers: Path, content: bytes) -> None:
    waivers.write_bytes(content)
    with contextlib.suppress(WaiverFileError):
        assert read_waivers(RULES) == []


@settings(max_examples=20)
@given(st.sampled_from(_WAIVABLE), _LINE, _LINE, st.dates(min_value=date(2000, 1, 1)))
def test_a_waiver_is_read_as_it_is_written(waivers: Path, name: str, reason: str, owner: str, expires: Any) -> None:
    written = {"rule": name, "urn": "urn:pulumi:prod::shop::*", "reason": reason, "owner": owner}
    waivers.write_text(yaml.safe_dump({"waivers": [{**written, "expires": expires}]}, allow_unicode=True))
    (found,) = read_waivers(RULES)
    assert {key: getattr(found, key) for key in written} == written
    assert found.expires == expires


@given(st.text(max_size=60))
def test_any_text_may_be_looked_at_for_secrets(code: str) -> None:
    assert has_secret(code) in (True, False)
    assert has_secret(code, is_code=True) in (True, False)
    assert secret_words(code.split()) <= set(range(len(code.split())))


_PASSWORD = st.builds(
    "".join, st.tuples(st.from_regex(r"[A-Za-z]{5,12}", fullmatch=True), st.from_regex(r"[0-9]{3,9}", fullmatch=True))
)


@given(_PASSWORD)
def test_a_password_is_seen_in_every_form(password: str) -> None:
    words = [
        ["mysql", f"--password={password}"],
        ["env", f"DB_PASSWORD={password}"],
        ["psql", f"postgres://me:{password}@db/x"],
    ]
    assert all(secret_words(each) for each in words)
    assert all(has_secret(" ".join(each)) for each in words)
