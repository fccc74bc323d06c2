"""An outage of the database under load, and what must hold after it, however long it was."""

from __future__ import annotations

import contextlib
import json
import time
from dataclasses import dataclass, field, replace

from components.aws.host.scripts.watchdog import LOST_SECONDS
from simulators.ec2_host.instance import Host
from simulators.waiting import eventually
from tests.e2e.load import Load, Outcome
from tests.host.site import SOON_SECONDS, Site

BACK_SECONDS = 30
"""Within so long of the database's return logins must work again."""
ANSWER_SECONDS = 15
WORKERS = 400
"""Visitors who wait at once: twenty come each second, and each waits 15 s for an answer."""
_CALM_SECONDS = 15
_FACTS = "{{.Id}} {{.State.StartedAt}} {{.RestartCount}}"


@dataclass
class Report:
    """What an outage was like."""

    asked_seconds: float
    away_seconds: float = 0.0
    back_seconds: float | None = None
    """From the database's return to the end of the first login that works, without the visitor's pause before it."""
    looks: int = 0
    """Looks of the watchdog from the beginning of the outage to the end of the load."""
    health_answered: str = ""
    load: str = ""
    problems_after: list[str] = field(default_factory=list[str])
    """Requests that failed though they were due after logins worked again."""
    before: dict[str, str] = field(default_factory=dict[str, str])
    after: dict[str, str] = field(default_factory=dict[str, str])
    """Containers and their units, Docker, the machine's boot, the instance: none may have changed."""
    counted: list[str] = field(default_factory=list[str])
    """Lines of the watchdog that count something, or say what it did about it."""
    given_up: int = 0
    lost: list[str] = field(default_factory=list[str])
    """Lines that say that readiness is lost."""

    def __str__(self) -> str:
        unchanged = "nothing was restarted" if self.before == self.after else f"{self.before} became {self.after}"
        back = "never" if self.back_seconds is None else f"{self.back_seconds:.1f} s after its return"
        return "\n".join(
            [
                f"database away: {self.away_seconds:.0f} s, under {self.load}",
                f"  during it: {self.health_answered}",
                f"logins worked again: {back}; failed after that: {len(self.problems_after)}",
                *(f"  {problem}" for problem in self.problems_after[:5]),
                f"watchdog: {self.looks} looks, counted {len(self.counted)}, host given up {self.given_up} times",
                f"readiness lost: {len(self.lost)} lines" + "".join(f"\n  {line}" for line in self.lost),
                f"containers, units, Docker, instance: {unchanged}",
            ]
        )


def outage(site: Site, host: Host, seconds: float) -> Report:
    """Stop the database of a host that serves for so long, under 20 requests a second with logins, and look."""
    report = Report(seconds, before=_facts(site, host))
    said, looks, given_up = len(_lines(host)), _looks(host), _given_up(site, host)
    site.lab.alb.fails_open = True
    try:
        client = replace(site.lab.alb.client, timeout=ANSWER_SECONDS)
        with Load(client, site.values["admin_password"], workers=WORKERS) as load:
            eventually("a login works", lambda: _login_since(load, 0.0) is not None, SOON_SECONDS, host.diagnosis)
            site.database.stop()
            began = time.monotonic()
            try:
                time.sleep(max(0.0, seconds - (time.monotonic() - began)))
            finally:
                site.database.restart()
            returned = time.monotonic()
            report.away_seconds = returned - began
            # Whether one came in time is the check's to say, with all the rest.
            with contextlib.suppress(TimeoutError):
                eventually("a login", lambda: _login_since(load, returned) is not None, 2 * BACK_SECONDS)
            if login := _login_since(load, returned):
                report.back_seconds = _back_seconds(load, login, returned)
            worked = time.monotonic()
            time.sleep(_CALM_SECONDS)
    finally:
        site.lab.alb.fails_open = False
    report.load = str(load)
    health = [o for o in load.outcomes if o.what.startswith("GET /health on") and began < load.began + o.due < returned]
    answered = sum(not o.problem for o in health)
    report.health_answered = f"{answered} of {len(health)} requests to /health were answered"
    report.problems_after = [
        f"{o.what}, due at {o.due:.1f} s: {o.problem}"
        for o in load.outcomes
        if o.problem and load.began + o.due > worked
    ]
    report.after = _facts(site, host)
    new = _lines(host)[said:]
    report.counted = [line for line in new if '"stage": "watchdog"' in line]
    report.lost = [line for line in new if '"outcome": "lost"' in line]
    report.looks, report.given_up = _looks(host) - looks, _given_up(site, host) - given_up
    return report


def check(report: Report) -> None:
    """Assert what must hold: of 60 seconds as of 300."""
    assert report.before == report.after
    assert report.counted == []
    assert report.given_up == 0
    assert report.back_seconds is not None
    assert report.back_seconds <= BACK_SECONDS
    assert report.problems_after == []
    assert report.looks >= report.away_seconds / 60, "the watchdog has looked meanwhile"
    # One line for each three minutes, and the first one a look after them.
    assert len(report.lost) in {
        int(report.away_seconds // LOST_SECONDS),
        int((report.away_seconds + BACK_SECONDS) // LOST_SECONDS),
    }


def _login_since(load: Load, moment: float) -> Outcome | None:
    """Return the first login that worked and ended after a moment of the monotonic clock."""
    logins = (o for o in load.outcomes if o.what == "login" and not o.problem)
    return next((o for o in logins if load.began + o.due + o.seconds > moment), None)


def _back_seconds(load: Load, login: Outcome, returned: float) -> float:
    """Return how long the first login took that worked, from the database's return on.

    What the visitor pauses after a login that failed is the load's, and says nothing about the server.
    """
    back = load.began + login.due + login.seconds - returned
    ends = [o.due + o.seconds for o in load.outcomes if o.what == "login" and o.due < login.due]
    return back - max(0.0, login.due - max([returned - load.began, *ends]))


def _facts(site: Site, host: Host) -> dict[str, str]:
    parts = ("server", "frontend")
    units = [f"kotauth-{part}.service" for part in parts]
    show = ("systemctl", "show", "--property=NRestarts,MainPID,ActiveEnterTimestampMonotonic", "--value")
    return {
        **{part: host.exec("docker", "inspect", f"--format={_FACTS}", part) for part in parts},
        **{unit: " ".join(host.exec(*show, unit).split()) for unit in [*units, "docker.service"]},
        "boot": host.exec("cat", "/proc/1/stat").split()[21],
        "instances": json.dumps(sorted(each.instance_id for each in site.lab.hosts)),
    }


def _lines(host: Host) -> list[str]:
    lines = host.journal("kotauth-watchdog.service").splitlines()
    return [line for line in lines if line.startswith('{"kotauth"')]


def _looks(host: Host) -> int:
    return host.journal("kotauth-watchdog.service").count("Finished")


def _given_up(site: Site, host: Host) -> int:
    calls = site.lab.endpoints.called("autoscaling", "SetInstanceHealth")
    return len([call for call in calls if call.owner == host.address])
