"""Every version that the engine is made of, in one place.

Go modules are pinned by `go/go.mod` and `go/go.sum`, Python packages with hashes by `requirements/*.txt`.
`tests/engine/test_bootstrap.py` keeps those files and these constants in step.
"""

from pathlib import Path

PULUMI_VERSION = "3.259.0"
"""The CLI, and the SDK whose protocol the language host speaks."""

PULUMI_YAML_VERSION = "1.38.1"
"""The language host for programs in YAML."""

PLUGIN_VERSIONS = {"docker": "5.2.0", "random": "4.21.4"}
"""Resource plugins by package: the versions that the project's Python SDKs ask for."""

_SOURCES = Path(__file__).parent
GO_MODULE = _SOURCES / "go"
GO_REQUIREMENTS = _SOURCES / "requirements" / "go.txt"
LANGUAGE_HOST = _SOURCES.parent / "language_host"
LANGUAGE_HOST_REQUIREMENTS = _SOURCES / "requirements" / "language-host.txt"
