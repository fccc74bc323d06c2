"""Benchmark of the frontends: each one against the same proxy with a configuration written by hand (`by_hand`).

Both have the same container, limits, certificate and rule for connections to the server. `make bench-frontends` prints
a table and fails where a budget is broken; docs/benchmark.md says how to read it.
"""

from __future__ import annotations

import argparse
import json
import sys
import tempfile
import time
from collections import defaultdict
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from statistics import median
from typing import Any

from simulators import images
from simulators.docker_command import docker
from tests.frontends.edges import ALIAS, HOST, OURS, Edges
from toolchain.machine import progress

_BY_HAND = Path(__file__).parent / "by_hand"
_FILES = {"caddy": "Caddyfile", "nginx": "nginx.conf", "traefik": "traefik.yaml"}
_DIFFERENCES: dict[str, dict[str, Any]] = {
    # The check can't look the upstream's name up.
    "nginx": {"reload": {"signal": "SIGHUP", "secret_files": True}},
    "traefik": {
        "command": [
            "--entrypoints.websecure.address=:8443",
            "--entrypoints.probe.address=127.0.0.1:8081",
            "--ping.entrypoint=probe",
            "--providers.file.filename=/run/config/traefik.yaml",
        ]
    },
}
"""Of the specs of those that are configured by hand, besides the configuration."""
_METHODS = ("GET", "POST")
_CONNECTIONS = 16
_LEAST_REQUESTS, _MOST_P99 = 0.98, 1.1
"""Budgets: ratio of requests a second, ratio of the 99th percentile of the latency."""
_WARM_UP_SECONDS = 1
# An answer of 1,000 bytes, and nothing that the proxy would wait for.
_UPSTREAM = f"""
daemon off; pid /tmp/nginx.pid; worker_processes 1;
events {{ worker_connections 4096; }}
http {{ access_log off; keepalive_requests 100000000;
  server {{ listen 8080; location / {{ return 200 "{"a" * 1000}"; }} }} }}
"""
_SCRIPT = """
wrk.method = "%s"
if wrk.method == "POST" then wrk.body = string.rep("a", 200) end
done = function(summary, latency)
  local errors = summary.errors
  io.write(string.format('\\n{"seconds": %%f, "requests": %%d, "p99": %%f, "errors": %%d}\\n', summary.duration / 1e6,
    summary.requests, latency:percentile(99) / 1e3,
    errors.connect + errors.read + errors.write + errors.status + errors.timeout))
end
"""


@dataclass(frozen=True)
class Run:
    """One load on one proxy."""

    requests_a_second: float
    p99_ms: float


def main() -> int:
    """Run the benchmark."""
    parser = argparse.ArgumentParser(prog="bench-frontends", description=__doc__)
    parser.add_argument("--rounds", type=int, default=5, help="how often each is measured; the median counts")
    parser.add_argument("--seconds", type=int, default=3, help="length of one load")
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory() as place, _deployed(Path(place)) as edges:
        idle = {name: _memory_mb(edges, name) for name in (*OURS, *map(_by_hand, OURS))}
        runs: dict[tuple[str, str], list[Run]] = defaultdict(list)
        for number in range(arguments.rounds):
            progress.say(f"round {number + 1} of {arguments.rounds}")
            for method in _METHODS:
                for name in OURS:
                    for proxy in sorted((name, _by_hand(name)), reverse=bool(number % 2)):
                        runs[proxy, method].append(_load(edges, proxy, method, arguments.seconds))
        busy = {name: _memory_under_load(edges, name, arguments.seconds) for name in idle}
    broken = _report(runs, idle, busy)
    if broken:
        print(f"\nBROKEN: {', '.join(broken)}")
    return 1 if broken else 0


def _by_hand(name: str) -> str:
    return f"{name}-by-hand"


@contextmanager
def _deployed(folder: Path) -> Iterator[Edges]:
    """Deploy each frontend twice, before an nginx that answers at once."""
    edges = Edges(folder / "project")
    for name in OURS:
        file = _FILES[name]
        configuration = {"config_files": {file: (_BY_HAND / file).read_text()}}
        edges.add(_by_hand(name), name, {**configuration, **_DIFFERENCES.get(name, {})})
    image = edges.given["edges"]["nginx"]["image"]
    start = 'printf %s "$1" >/tmp/nginx.conf; exec nginx -e stderr -c /tmp/nginx.conf'
    with edges.deployed():
        own = (f"--network={edges.network}", f"--network-alias={ALIAS}", f"--label={edges.label}", "--entrypoint=sh")
        upstream = docker("run", "--detach", *own, image, "-c", start, "sh", _UPSTREAM)
        try:
            edges.up(upstream_image="")
            yield edges
        finally:
            docker("rm", "--force", upstream)


def _load(edges: Edges, proxy: str, method: str, seconds: int) -> Run:
    networks = edges[proxy].inspect()["NetworkSettings"]["Networks"]
    address = networks[edges.network]["IPAddress"]
    wrk = 'wrk -t1 -c"$2" -s /tmp/load.lua'
    warm_and_measure = f'printf %s "$1" >/tmp/load.lua; {wrk} -d"$3" "$4" >/dev/null; exec {wrk} -d"$5" "$4"'
    printed = docker(
        *("run", "--rm", f"--network={edges.network}", f"--label={edges.label}", f"--add-host={HOST}:{address}"),
        *(
            "--entrypoint=sh",
            images.ensure(["wrk"])["wrk"],
            "-c",
            warm_and_measure,
            "sh",
            _SCRIPT % method,
            str(_CONNECTIONS),
        ),
        *(f"{_WARM_UP_SECONDS}s", f"https://{HOST}:8443/t/master/authorize", f"{seconds}s"),
    )
    result = json.loads(printed.splitlines()[-1])
    if result["errors"]:
        raise RuntimeError(f"{proxy}, {method}: {result['errors']} requests failed\n{printed}")
    return Run(result["requests"] / result["seconds"], result["p99"])


def _memory_mb(edges: Edges, name: str) -> float:
    used = docker("stats", "--no-stream", "--format", "{{.MemUsage}}", edges[name].container).partition(" ")[0]
    return float(used.removesuffix("MiB"))


def _memory_under_load(edges: Edges, name: str, seconds: int) -> float:
    with ThreadPoolExecutor(1) as threads:
        load = threads.submit(_load, edges, name, "POST", seconds)
        time.sleep(_WARM_UP_SECONDS + 1)
        used = _memory_mb(edges, name)
        load.result()
    return used


def _report(runs: dict[tuple[str, str], list[Run]], idle: dict[str, float], busy: dict[str, float]) -> list[str]:
    """Print the tables; return what breaks a budget."""
    broken: list[str] = []
    print("| Frontend | Method | Requests a second | By hand | Ratio | p99, ms | By hand | Ratio |")
    print("|---|---|---|---|---|---|---|---|")
    for name in OURS:
        for method in _METHODS:
            ours, by_hand = runs[name, method], runs[_by_hand(name), method]
            pairs = list(zip(ours, by_hand, strict=True))
            rate = median(one.requests_a_second / other.requests_a_second for one, other in pairs)
            p99 = median(one.p99_ms / other.p99_ms for one, other in pairs)
            cells = [
                *(f"{median(run.requests_a_second for run in each):,.0f}" for each in (ours, by_hand)),
                f"{rate:.2f}",
                *(f"{median(run.p99_ms for run in each):.1f}" for each in (ours, by_hand)),
                f"{p99:.2f}",
            ]
            print(f"| {name} | {method} | {' | '.join(cells)} |")
            if rate < _LEAST_REQUESTS:
                broken.append(f"{name}, {method}: requests a second {rate:.3f} of {_LEAST_REQUESTS}")
            if p99 > _MOST_P99:
                broken.append(f"{name}, {method}: p99 {p99:.3f} of {_MOST_P99}")
    print("\n| Frontend | Memory idle, MB | By hand | Under load, MB | By hand |")
    print("|---|---|---|---|---|")
    for name in OURS:
        cells = [f"{used[which]:.0f}" for used in (idle, busy) for which in (name, _by_hand(name))]
        print(f"| {name} | {' | '.join(cells)} |")
    return broken


if __name__ == "__main__":
    sys.exit(main())
