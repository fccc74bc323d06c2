"""Which backups fit where they are to be restored."""

from __future__ import annotations

import json
from typing import Any

import pytest

from cli.backups.manifest import Manifest, ManifestError, parse
from components.kotauth.secret_key import chain_key_id, key_fingerprint

KEY, OTHER = "k" * 32, "o" * 32
DATABASE: dict[str, Any] = {
    "time": 1767225600,
    "postgres": 15,
    "schemaVersion": 59,
    "keyFingerprint": key_fingerprint(KEY),
    "chainKeyId": chain_key_id(KEY),
    "newestRow": 1767225000,
    "rows": {"users": 2},
}
TOLD: dict[str, Any] = {
    "format": 1,
    "stack": "prod",
    "tag": "scheduled",
    "request": "",
    "image": "ghcr.io/inumansoul/kotauth:1.22.0",
    "bytes": 10,
    "sha256": "ab",
    "seconds": 2,
    "database": DATABASE,
}


def manifest(**database: Any) -> Manifest:
    return parse(json.dumps({**TOLD, "database": {**DATABASE, **database}}))


IMAGE = "ghcr.io/inumansoul/kotauth:1.22.0"
FITS: list[dict[str, Any]] = [
    {"postgres": 15, "schema_version": 59, "image": IMAGE},
    {"postgres": 17, "schema_version": 66, "image": "ghcr.io/inumansoul/kotauth:1.24.0"},
    {"postgres": 15, "schema_version": None, "image": IMAGE},
    {"postgres": 15, "schema_version": None, "image": "ghcr.io/inumansoul/kotauth@sha256:" + "a" * 64},
]


@pytest.mark.parametrize("where", FITS)
def test_fits_the_same_versions_and_newer_ones(where: dict[str, Any]) -> None:
    assert manifest().misfit(**where) == ""


@pytest.mark.parametrize(
    ("where", "expected"),
    [
        ({"postgres": 14}, "the backup is of PostgreSQL 15, and this database is 14: set databaseVersion to 15"),
        ({"image": "ghcr.io/inumansoul/kotauth:1.21.3"}, "runs the older ghcr.io/inumansoul/kotauth:1.21.3: set image"),
        ({"schema_version": 58}, "the backup has migration 59 of Kotauth, and this stack only knows 58: set image"),
    ],
)
def test_does_not_fit_an_older_version(where: dict[str, Any], expected: str) -> None:
    assert expected in manifest().misfit(**{**FITS[0], **where})


@pytest.mark.parametrize(
    ("stored", "fits"),
    [
        ({}, True),
        ({"chainKeyId": None}, True),
        ({"keyFingerprint": None}, True),
        ({"keyFingerprint": None, "chainKeyId": None}, True),
        ({"keyFingerprint": key_fingerprint(OTHER)}, False),
        ({"chainKeyId": chain_key_id(OTHER)}, False),
    ],
)
def test_whatever_contradicts_the_key_is_a_problem(stored: dict[str, Any], fits: bool) -> None:
    problem = manifest(**stored).key_problem(key_fingerprint(KEY), chain_key_id(KEY))
    assert (problem == "") == fits


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("", "can't be read"),
        ("[]", "can't be read"),
        (json.dumps({"format": 1}), "can't be read"),
        (json.dumps({**TOLD, "format": 2}), "the backup has format 2, and these commands know 1"),
    ],
)
def test_another_text_is_refused(text: str, expected: str) -> None:
    with pytest.raises(ManifestError, match=expected):
        parse(text)
