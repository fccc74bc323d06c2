"""Deprecation dates of Lambda runtimes.

From the file `LmbdRuntimeLifecycle.json` of cfn-lint, whose source is the page of `PAGE`. A test compares the two.
"""

from __future__ import annotations

import re
from datetime import date
from typing import Final

CFN_LINT: Final = "1.58.0"
"""Version of cfn-lint whose dates these are."""
PAGE: Final = "https://docs.aws.amazon.com/lambda/latest/dg/lambda-runtimes.html"
DEPRECATED: Final = {
    "dotnetcore1.0": date(2019, 6, 27),
    "dotnetcore2.0": date(2019, 5, 30),
    "dotnetcore2.1": date(2022, 1, 5),
    "dotnetcore3.1": date(2023, 4, 3),
    "dotnet6": date(2024, 12, 20),
    "dotnet8": date(2026, 11, 10),
    "dotnet9": date(2026, 11, 10),
    "dotnet10": date(2028, 11, 14),
    "go1.x": date(2024, 1, 8),
    "java8": date(2024, 1, 8),
    "java8.al2": date(2027, 6, 30),
    "java11": date(2027, 6, 30),
    "java17": date(2027, 6, 30),
    "java21": date(2029, 6, 30),
    "java25": date(2029, 6, 30),
    "nodejs": date(2016, 8, 30),
    "nodejs4.3": date(2020, 3, 5),
    "nodejs4.3-edge": date(2020, 3, 5),
    "nodejs6.10": date(2019, 8, 12),
    "nodejs8.10": date(2020, 3, 6),
    "nodejs10.x": date(2021, 7, 30),
    "nodejs12.x": date(2023, 3, 31),
    "nodejs14.x": date(2023, 12, 4),
    "nodejs16.x": date(2024, 6, 12),
    "nodejs18.x": date(2025, 9, 1),
    "nodejs20.x": date(2026, 4, 30),
    "nodejs22.x": date(2027, 4, 30),
    "nodejs24.x": date(2028, 4, 30),
    "provided": date(2024, 1, 8),
    "provided.al2": date(2026, 7, 31),
    "provided.al2023": date(2029, 6, 30),
    "python2.7": date(2021, 7, 15),
    "python3.6": date(2022, 7, 18),
    "python3.7": date(2023, 12, 4),
    "python3.8": date(2024, 10, 14),
    "python3.9": date(2025, 12, 15),
    "python3.10": date(2026, 10, 31),
    "python3.11": date(2027, 6, 30),
    "python3.12": date(2028, 10, 31),
    "python3.13": date(2029, 6, 30),
    "python3.14": date(2029, 6, 30),
    "ruby2.5": date(2021, 7, 30),
    "ruby2.7": date(2023, 12, 7),
    "ruby3.2": date(2026, 3, 31),
    "ruby3.3": date(2027, 3, 31),
    "ruby3.4": date(2028, 3, 31),
    "ruby4.0": date(2029, 3, 31),
}
"""Runtime to the day of its deprecation, each language in the order of its versions.

A runtime that is not here is newer than the table.
"""
_RENAMED: Final = {"dotnetcore": "dotnet", "go": "provided"}
"""Languages whose later versions have another name: programs in Go run on an operating system alone."""


def newest_of(runtime: str) -> str:
    """Return the newest runtime of a language."""
    language = _language(runtime)
    return [each for each in DEPRECATED if _language(each) == language][-1]


def _language(runtime: str) -> str:
    name = re.split(r"[\d.]", runtime)[0]
    return _RENAMED.get(name, name)
