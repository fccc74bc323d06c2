"""Whatever a user writes is a value or one clear error, never a traceback."""

from __future__ import annotations

import ipaddress
import re
from collections.abc import Callable
from typing import Any
from urllib.parse import urlsplit

import pytest
from hypothesis import given
from hypothesis import strategies as st

from components.aws.network.subnets import parse_vpc_cidr, parse_zones
from components.config import target
from components.config.stack import camel_case
from components.inputs.addresses import parse_email, parse_https_url
from components.inputs.declaration import declared_values
from components.inputs.error import InvalidInputError
from components.inputs.image import image
from components.inputs.number import number, whole_number
from components.kotauth.base_url import parse_base_url
from tests import bad_settings
from tests.unit.stack_settings import as_input, load

ODD = (
    "nan",
    "-inf",
    "1e999",
    "1_000",
    "\u0663",
    "0x1f",
    "9" * 5000,
    "0.0.0.0/0",
    "::/0",
    ",",
    "443,1e3",
    "\x00",
    "\ud7ff",
)
TEXT = st.text(max_size=30) | st.from_regex(r"[0-9a-z.:/@,_ \n{}\"#-]{0,30}", fullmatch=True) | st.sampled_from(ODD)
VALUE = st.recursive(
    st.none() | st.booleans() | st.floats() | st.integers() | TEXT,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=4,
)
INPUTS = [
    (valid, kind, name)
    for valid, kind in [
        (valid, target.load(valid.get("target", "docker")).settings) for valid, _ in bad_settings.EVERYWHERE
    ]
    for name in sorted(declared_values(kind))
]
HOSTS = st.from_regex(r"[a-z0-9]{1,8}([.-][a-z0-9]{1,8}){0,3}", fullmatch=True)
URLS = st.builds(
    "https://{}{}".format, HOSTS | st.ip_addresses().map(str), st.from_regex(r"(:[0-9]{0,5})?[/?]?", fullmatch=True)
)
REFERENCES = st.from_regex(
    r"[a-z0-9]{1,5}(\.[a-z]{1,3})?(:[0-9]{1,3})?(/[a-z_.-]{1,4}){0,2}(:[a-zA-Z0-9_.-]{0,6})?(@sha256:[0-9a-f]{64})?",
    fullmatch=True,
)


def refused(parse: Callable[[Any], object], value: object) -> bool:
    """Return whether the parser refuses it, which it does by its rule."""
    refusal = ""
    try:
        parse(value)
    except ValueError as error:
        refusal = str(error)
    assert not refusal or refusal.startswith("must "), f"{value!r} is refused, but not with a rule: {refusal}"
    return bool(refusal)


@given(st.sampled_from(INPUTS), TEXT)
def test_a_setting(of: tuple[dict[str, str], Any, str], value: str) -> None:
    valid, _, name = of
    try:
        load({**valid, camel_case(name): value})
    except InvalidInputError as error:
        lines = str(error).split("\n")[1:]
        assert [line for line in lines if not re.fullmatch(r'  kotauth:\w+ = ".*": \S.*', line)] == []


@given(st.sampled_from(INPUTS), VALUE)
def test_an_input(of: tuple[dict[str, str], Any, str], value: object) -> None:
    valid, kind, name = of
    args = {as_input(key): given for key, given in valid.items() if key != "target"}
    try:
        kind.resolve({**args, name: value}, "it")
    except InvalidInputError as error:
        lines = str(error).split("\n")[1:]
        assert [line for line in lines if not re.fullmatch(r'  \w+ = ".*": \S.*', line)] == []


@pytest.mark.parametrize("parse", [parse_email, parse_https_url])
@given(value=TEXT | st.emails() | URLS)
def test_an_address_is_taken_as_it_is_and_is_one_word_of_a_configuration(
    parse: Callable[[object], str], value: str
) -> None:
    if not refused(parse, value):
        assert parse(value) == value
        assert not re.search(r"[\s\"`{}#]", value)


@given(TEXT | URLS)
def test_a_base_url_has_the_host_and_port_that_clients_see(value: str) -> None:
    if not refused(parse_base_url, value):
        url, seen = parse_base_url(value), urlsplit(value)
        assert (url.text, url.host, url.port) == (value, seen.hostname, seen.port or 443)
        with pytest.raises(ValueError, match="does not appear to be"):
            ipaddress.ip_address(url.host)


@given(TEXT | REFERENCES)
def test_an_image_is_its_parts(value: str) -> None:
    if not refused(image(2), value):
        found = image(2)(value)
        tag, digest = f":{found.tag}" if found.tag else "", f"@{found.digest}" if found.digest else ""
        assert f"{found.repository}{tag}{digest}" == found.reference == value
        assert found.digest or len(found.version) >= 2


@given(TEXT | st.lists(TEXT, max_size=4))
def test_zones(value: object) -> None:
    if not refused(parse_zones, value):
        assert len(set(parse_zones(value))) in (2, 3)


@given(st.ip_addresses(v=4), st.integers(0, 32), TEXT)
def test_a_vpc_s_range_is_a_private_network_of_a_size_that_fits(address: Any, prefix: int, text: str) -> None:
    refused(parse_vpc_cidr, text)
    for network in (
        f"{address}/{prefix}",
        str(ipaddress.ip_network(f"10.{int(address) % 256}.0.0/{prefix}", strict=False)),
    ):
        if not refused(parse_vpc_cidr, network):
            found = ipaddress.ip_network(network)
            assert found.is_private
            assert 16 <= found.prefixlen <= 22


@pytest.mark.parametrize("parse", [whole_number("things", 2, 40), number("things", 2, 40)])
@given(value=VALUE | st.integers(0, 50).map(str))
def test_a_number_is_between_its_limits(parse: Callable[[object], float], value: object) -> None:
    if not refused(parse, value):
        assert 2 <= parse(value) <= 40
