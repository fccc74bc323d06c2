"""Benchmark of the frontends: each one against the same proxy with a configuration written by hand (`by_hand`).

Both have the same container, limits, certificate and rule for connections to the server, and both do what Kotauth's
production checklist asks of a proxy. `make bench-frontends` prints tables and fails where a budget is broken;
docs/benchmark.md says how to read them.
"""

from __future__ import annotations

import argparse
import json
import sys
import tempfile
import time
from collections import Counter, defaultdict
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from math import log
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
            # The others log failed requests by default.
            "--accesslog=true",
            "--accesslog.filters.statuscodes=500-599",
            "--accesslog.fields.names.RequestPath=drop",
        ]
    },
}
"""Of the specs of those that are configured by hand, besides the configuration."""
_METHODS = ("GET", "POST")
_CONNECTIONS = 16
_LEAST_REQUESTS, _MOST_P99 = 0.98, 1.1
"""Budgets: ratio of requests a second, ratio of the 99th percentile of the latency."""
_CHANCE = 0.05 / (2 * len(_METHODS) * len(_FILES))
"""A ratio beyond its budget is noise if equal proxies would have it more often: any of them in 5 % of the runs."""
_WARM_UP_SECONDS = 3
# An answer of 1,000 bytes, and nothing that the proxy would wait for.
_UPSTREAM = f"""
daemon off; pid /tmp/nginx.pid; worker_processes 1;
events {{ worker_connections 4096; }}
http {{ access_log off; keepalive_requests 100000000;
  server {{ listen 8080; location / {{ return 200 "{"a" * 1000}"; }} }} }}
"""
# Without pauses the connections keep the proxy busy. Latency is measured at a rate that leaves it idle time.
_SCRIPT = """
wrk.method = "%s"
if wrk.method == "POST" then wrk.body = string.rep("a", 200) end
if %d > 0 then delay = function() return math.random(5, 15) end end
done = function(summary, latency)
  local errors = summary.errors
  io.write(string.format('\\n{"seconds": %%f, "requests": %%d, "p99": %%f, "errors": %%d}\\n', summary.duration / 1e6,
    summary.requests, latency:percentile(99) / 1e3,
    errors.connect + errors.read + errors.write + errors.status + errors.timeout))
end
"""
_PROCESSOR_FILES = "/sys/fs/cgroup/cpu.stat /sys/fs/cgroup/cpuacct/cpuacct.usage"
"""Of control groups of version 2, and of version 1."""


@dataclass(frozen=True)
class Run:
    """Two loads on one proxy."""

    requests_a_second: float
    """Without pauses."""
    processor_us: float
    """Of one request, without pauses."""
    p99_ms: float
    """With pauses."""


@dataclass(frozen=True)
class Compared:
    """A figure of both proxies in each round."""

    pairs: list[tuple[float, float]]

    @property
    def ratios(self) -> list[float]:
        """The ratio of each round, whose two runs are beside each other, so that they share a busy time."""
        return [ours / theirs for ours, theirs in self.pairs]

    @property
    def ratio(self) -> float:
        """The median of the rounds' ratios."""
        return median(self.ratios)

    @property
    def chance(self) -> float:
        """How probable so great a difference is between equal proxies, in its direction: by Wilcoxon's exact test."""
        sign = 1 if self.ratio > 1 else -1
        differences = sorted((sign * log(ratio) for ratio in self.ratios), key=abs)
        ranks = range(1, len(differences) + 1)
        total = sum(rank for rank, difference in zip(ranks, differences, strict=True) if difference > 0)
        sums = Counter({0: 1})
        for rank in ranks:
            sums += Counter({each + rank: count for each, count in sums.items()})
        return sum(count for each, count in sums.items() if each >= total) / sums.total()

    def exceeds(self, limit: float) -> bool:
        """Return whether the ratio is beyond a limit, above it or below it, by more than noise."""
        is_beyond = self.ratio > limit if limit > 1 else self.ratio < limit
        return is_beyond and self.chance <= _CHANCE

    def cells(self, digits: int) -> str:
        """Return the medians and the ratio as cells of a table."""
        ours, theirs = (median(figures) for figures in zip(*self.pairs, strict=True))
        return f"{ours:,.{digits}f} | {theirs:,.{digits}f} | {self.ratio:.2f}"


def main() -> int:
    """Run the benchmark."""
    parser = argparse.ArgumentParser(prog="bench-frontends", description=__doc__)
    parser.add_argument("--rounds", type=int, default=12, help="how often each is measured; fewer than 8 show nothing")
    parser.add_argument("--seconds", type=int, default=2, help="length of a load with pauses; half of it without")
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory() as place, _deployed(Path(place)) as edges:
        idle = {name: _memory_mb(edges, name) for name in (*OURS, *map(_by_hand, OURS))}
        busy = {name: _memory_under_load(edges, name) for name in idle}
        runs: dict[tuple[str, str], list[Run]] = defaultdict(list)
        for number in range(arguments.rounds):
            progress.say(f"round {number + 1} of {arguments.rounds}")
            for method in _METHODS:
                for name in OURS:
                    for proxy in sorted((name, _by_hand(name)), reverse=bool(number % 2)):
                        runs[proxy, method].append(_run(edges, proxy, method, arguments.seconds))
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


def _run(edges: Edges, proxy: str, method: str, seconds: int) -> Run:
    before = _processor_us(edges, proxy)
    full = _load(edges, proxy, method, max(1, seconds // 2))
    used = _processor_us(edges, proxy) - before
    calm = _load(edges, proxy, method, seconds, pauses=True)
    return Run(full["requests"] / full["seconds"], used / full["requests"], calm["p99"])


def _load(edges: Edges, proxy: str, method: str, seconds: int, *, pauses: bool = False) -> dict[str, float]:
    networks = edges[proxy].inspect()["NetworkSettings"]["Networks"]
    address = networks[edges.network]["IPAddress"]
    load = 'printf %s "$1" >/tmp/load.lua; exec wrk -t1 -c"$2" -s /tmp/load.lua -d"$3" "$4"'
    printed = docker(
        *("run", "--rm", f"--network={edges.network}", f"--label={edges.label}", f"--add-host={HOST}:{address}"),
        *("--entrypoint=sh", images.ensure(["wrk"])["wrk"], "-c", load, "sh", _SCRIPT % (method, pauses)),
        *(str(_CONNECTIONS), f"{seconds}s", f"https://{HOST}:8443/t/master/authorize"),
    )
    result = json.loads(printed.splitlines()[-1])
    if result["errors"]:
        raise RuntimeError(f"{proxy}, {method}: {result['errors']} requests failed\n{printed}")
    return result


def _processor_us(edges: Edges, name: str) -> float:
    printed = docker("exec", edges[name].container, "sh", "-c", f"cat {_PROCESSOR_FILES} 2>/dev/null || true")
    values = dict(line.split() for line in printed.splitlines() if " " in line)
    return float(values["usage_usec"]) if values else float(printed) / 1000


def _memory_mb(edges: Edges, name: str) -> float:
    used = docker("stats", "--no-stream", "--format", "{{.MemUsage}}", edges[name].container).partition(" ")[0]
    return float(used.removesuffix("MiB"))


def _memory_under_load(edges: Edges, name: str) -> float:
    """Also warms the proxy up."""
    with ThreadPoolExecutor(1) as threads:
        load = threads.submit(_load, edges, name, "POST", _WARM_UP_SECONDS)
        time.sleep(1)
        used = _memory_mb(edges, name)
        load.result()
    return used


def _report(runs: dict[tuple[str, str], list[Run]], idle: dict[str, float], busy: dict[str, float]) -> list[str]:
    """Print the tables; return what breaks a budget."""
    broken: list[str] = []
    print(
        f"| Frontend | Method |{' {} | By hand | Ratio |' * 3}".format("Requests a second", "p99, ms", "Processor, us")
    )
    print("|---" * 11 + "|")
    for name in OURS:
        for method in _METHODS:
            pairs = list(zip(runs[name, method], runs[_by_hand(name), method], strict=True))
            rate, p99, processor = (
                Compared([(figure(ours), figure(theirs)) for ours, theirs in pairs])
                for figure in (lambda run: run.requests_a_second, lambda run: run.p99_ms, lambda run: run.processor_us)
            )
            print(f"| {name} | {method} | {rate.cells(0)} | {p99.cells(1)} | {processor.cells(0)} |")
            for what, compared, limit in (("requests a second", rate, _LEAST_REQUESTS), ("p99", p99, _MOST_P99)):
                if compared.exceeds(limit):
                    chance = f"a chance of {compared.chance:.3f} if both are equal"
                    broken.append(f"{name}, {method}: {what} {compared.ratio:.3f} of {limit}, {chance}")
    print("\n| Frontend | Memory idle, MB | By hand | Under load, MB | By hand |")
    print("|---|---|---|---|---|")
    for name in OURS:
        cells = [f"{used[which]:.0f}" for used in (idle, busy) for which in (name, _by_hand(name))]
        print(f"| {name} | {' | '.join(cells)} |")
    return broken


if __name__ == "__main__":
    sys.exit(main())
