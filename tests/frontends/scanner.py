"""The TLS scanner sslyze, in a virtualenv of its own in the cache."""

from __future__ import annotations

import json
import re
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from toolchain.machine import cache, virtualenv

_REQUIREMENTS = Path(__file__).with_name("scanner.txt")
_PROTOCOLS = ("ssl_2_0", "ssl_3_0", "tls_1_0", "tls_1_1", "tls_1_2", "tls_1_3")
_VERDICT = re.compile(r"^ *\S+:(\d+): (OK|FAILED|ERROR)(.*\n(?: +\* .*\n)*)", re.MULTILINE)


@dataclass(frozen=True)
class Finding:
    """What the scanner found at one port."""

    protocols: list[str]
    """Those that the server speaks, such as `tls_1_2`."""
    issues: str
    """What doesn't fit the profile; empty if everything does."""


def scan(ca_certificate: str, host: str, ports: Sequence[int]) -> dict[int, Finding]:
    """Scan ports of this machine, which serve a name, side by side."""
    name = f"sslyze-{cache.key(_REQUIREMENTS, sys.version)}"
    folder = cache.artefact(name, _install)
    with tempfile.TemporaryDirectory() as place:
        ca, report = Path(place) / "ca.pem", Path(place) / "report.json"
        ca.write_text(ca_certificate)
        done = subprocess.run(
            [
                *(folder / "bin" / "python", "-m", "sslyze", "--mozilla_config=intermediate"),
                *(f"--certinfo_ca_file={ca}", f"--json_out={report}"),
                *(f"{host}:{port}{{127.0.0.1}}" for port in ports),
            ],
            capture_output=True,
            text=True,
            check=False,
            timeout=300,
        )
        verdicts = {int(port): "" if verdict == "OK" else more for port, verdict, more in _VERDICT.findall(done.stdout)}
        results = {
            result["server_location"]["port"]: result["scan_result"]
            for result in json.loads(report.read_text())["server_scan_results"]
        }

    def spoken(port: int) -> list[str]:
        suites = {name: results[port][f"{name}_cipher_suites"]["result"] for name in _PROTOCOLS}
        return [name for name, result in suites.items() if result["is_tls_version_supported"]]

    return {port: Finding(spoken(port), verdicts[port]) for port in ports}


def _install(folder: Path) -> None:
    virtualenv.create(folder, _REQUIREMENTS, what="sslyze")
