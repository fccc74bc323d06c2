"""Image references: only those that mean the same image tomorrow."""

from __future__ import annotations

import pytest

from components.inputs.image import image
from tests.bad_settings import NO_TAG, REFERENCE, moved

DIGEST = "sha256:" + "0123456789abcdef" * 4
KOTAUTH = "ghcr.io/inumansoul/kotauth"
PARSE = image(3, (1, 21, 0), "a reason")


@pytest.mark.parametrize(
    ("reference", "repository", "tag", "digest", "version"),
    [
        (f"{KOTAUTH}:1.22.0", KOTAUTH, "1.22.0", None, (1, 22, 0)),
        (f"{KOTAUTH}:1.21.0", KOTAUTH, "1.21.0", None, (1, 21, 0)),
        (f"{KOTAUTH}:2.0.0", KOTAUTH, "2.0.0", None, (2, 0, 0)),
        (f"{KOTAUTH}:v1.22.0-rc1", KOTAUTH, "v1.22.0-rc1", None, (1, 22, 0)),
        (f"{KOTAUTH}:1.22.0@{DIGEST}", KOTAUTH, "1.22.0", DIGEST, (1, 22, 0)),
        (f"{KOTAUTH}:1.22@{DIGEST}", KOTAUTH, "1.22", DIGEST, (1, 22)),
        ("localhost:5000/kotauth:1.22.0", "localhost:5000/kotauth", "1.22.0", None, (1, 22, 0)),
        ("registry.example.com/a/b__c/d-e:1.100.3", "registry.example.com/a/b__c/d-e", "1.100.3", None, (1, 100, 3)),
    ],
)
def test_good(reference: str, repository: str, tag: str, digest: str | None, version: tuple[int, ...]) -> None:
    parsed = PARSE(reference)
    assert (parsed.reference, parsed.repository, parsed.tag) == (reference, repository, tag)
    assert (parsed.digest, parsed.version) == (digest, version)


NO_VERSION = "must have its version as the tag, 1.21.0 or newer, even with a digest (a reason)"
TOO_OLD = "must be version 1.21.0 or newer (a reason)"


@pytest.mark.parametrize(
    ("reference", "rule"),
    [
        ("", REFERENCE),
        ("kotauth:1.22.0", REFERENCE),
        (f"{KOTAUTH}:", REFERENCE),
        (f"{KOTAUTH}:1.22.0 ", REFERENCE),
        (f"https://{KOTAUTH}:1.22.0", REFERENCE),
        ("ghcr.io/Inumansoul/kotauth:1.22.0", REFERENCE),
        (f"{KOTAUTH}:1.22.0@sha256:0123", REFERENCE),
        (f"{KOTAUTH}@{DIGEST.upper()}", REFERENCE),
        (f"{KOTAUTH}//x:1.22.0", REFERENCE),
        (KOTAUTH, NO_TAG),
        (f"{KOTAUTH}:latest", moved("latest")),
        (f"{KOTAUTH}:1", moved("1")),
        (f"{KOTAUTH}:1.22", moved("1.22")),
        (f"{KOTAUTH}@{DIGEST}", NO_VERSION),
        (f"{KOTAUTH}:latest@{DIGEST}", NO_VERSION),
        (f"{KOTAUTH}:1.20.9", TOO_OLD),
        (f"{KOTAUTH}:1.3.0", TOO_OLD),
        (f"{KOTAUTH}:1.20.9@{DIGEST}", TOO_OLD),
    ],
)
def test_bad(reference: str, rule: str) -> None:
    with pytest.raises(ValueError, match="must") as refused:
        PARSE(reference)
    assert str(refused.value) == rule


def test_without_a_floor_a_digest_is_enough() -> None:
    assert image(2)(f"docker.io/library/postgres@{DIGEST}").digest == DIGEST


def test_postgresql_has_two_numbers() -> None:
    assert image(2)("docker.io/library/postgres:14.23-bookworm").version == (14, 23)
    with pytest.raises(ValueError, match="14-bookworm changes"):
        image(2)("docker.io/library/postgres:14-bookworm")
