"""Safe access to properties on the wire."""

from __future__ import annotations

import math
from typing import Any

import pytest
from google.protobuf import struct_pb2
from pulumi_policy import proxy
from pulumi_policy.deserialize import SPECIAL_ASSET_SIG, SPECIAL_SECRET_SIG, SPECIAL_SIG_KEY

from policy.kotauth_policy.engine.value import Value, decode
from policy.kotauth_policy.engine.verdict import MalformedError, UndecidableError

SENTINELS = [value for name, value in vars(proxy).items() if name.startswith("UNKNOWN_")]
READERS = ("text", "flag", "number", "items", "fields")


def _decode(**properties: Any) -> Value:
    wire = struct_pb2.Struct()
    wire.update(properties)
    return decode(wire)


def _secret(value: Any) -> dict[str, Any]:
    return {SPECIAL_SIG_KEY: SPECIAL_SECRET_SIG, "value": value}


def test_there_is_a_sentinel_for_each_kind() -> None:
    assert len(SENTINELS) == 7


@pytest.mark.parametrize("sentinel", SENTINELS)
@pytest.mark.parametrize("reader", READERS)
def test_an_unknown_value_is_undecidable(sentinel: str, reader: str) -> None:
    with pytest.raises(UndecidableError) as stop:
        getattr(_decode(a=[sentinel]).field("a").items()[0], reader)()
    assert stop.value.verdict.path == "a[0]"


@pytest.mark.parametrize("reader", READERS)
def test_a_member_of_an_unknown_object_is_undecidable(reader: str) -> None:
    with pytest.raises(UndecidableError):
        getattr(_decode(a=SENTINELS[0]).field("a").field("b"), reader)()


@pytest.mark.parametrize(
    ("reader", "nothing"), [("text", None), ("flag", None), ("number", None), ("items", []), ("fields", {})]
)
def test_an_absent_value_is_nothing(reader: str, nothing: Any) -> None:
    assert getattr(_decode().field("a"), reader)() == nothing
    assert getattr(_decode(a=None).field("a"), reader)() == nothing
    assert getattr(_decode().field("a").field("b"), reader)() == nothing


@pytest.mark.parametrize(
    ("reader", "wrong"),
    [
        ("text", 1),
        *(("number", spelled) for spelled in ("nan", "inf", "1e999", "1_000", "0x10", " 1", "٣", "")),
        ("number", math.nan),
        ("number", math.inf),
        ("flag", "yes"),
        ("number", "many"),
        ("number", True),
        ("items", {}),
        ("fields", []),
        ("fields", "x"),
    ],
)
def test_a_wrong_type_says_where(reader: str, wrong: Any) -> None:
    with pytest.raises(MalformedError) as stop:
        getattr(_decode(a={"b": wrong}).field("a").field("b"), reader)()
    assert stop.value.verdict.path == "a.b"
    assert "many" not in stop.value.verdict.message


def test_the_engine_s_spellings_are_read() -> None:
    properties = _decode(flag="true", number="512")
    assert properties.field("flag").flag() is True
    assert properties.field("number").number() == 512


def test_a_secret_marks_all_of_its_parts() -> None:
    a = _decode(a=_secret([{"b": "c"}])).field("a")
    assert a.secret
    assert a.items()[0].field("b").text() == "c"
    assert a.items()[0].field("b").secret
    assert a.items()[0].field("absent").secret
    assert not _decode(a=["c", _secret("d")]).field("a").items()[0].secret


def test_an_unknown_secret_is_both() -> None:
    a = _decode(a=_secret(SENTINELS[0])).field("a")
    assert a.secret
    assert a.is_unknown


def test_a_blinded_secret_is_an_unknown_secret() -> None:
    a = _decode(a="[secret]").field("a")
    assert a.secret
    assert a.is_unknown


def test_an_asset_has_no_value() -> None:
    asset = _decode(a={SPECIAL_SIG_KEY: SPECIAL_ASSET_SIG, "text": "x"}).field("a")
    assert not asset.is_absent
    with pytest.raises(MalformedError):
        asset.text()
    assert list(asset.leaves()) == [asset]
