"""Configurations: what is refused, and what the files of the three environments mean."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from pulumi.runtime import proto

from policy.kotauth_policy.catalogue import all_rules
from policy.kotauth_policy.engine.configuration import Entry, faults
from policy.kotauth_policy.engine.rule import Level
from policy.kotauth_policy.engine.servicer import PackServicer
from policy.testing.change import Args, put
from policy.testing.docker_program import build
from policy.testing.wire import READERS, REFUSING, RefusedError, analyze, configure_request, register

from . import laptop

PACK = Path(__file__).parents[2] / "policy"
RULES = {rule.name: rule for rule in all_rules()}
FILES = ("dev", "staging", "prod")


def _faults(configuration: dict[str, Entry], *, production: bool = False) -> list[str]:
    return list(faults(configuration, list(RULES.values()), production=production))


def _read(environment: str) -> dict[str, Entry]:
    """Read a file as the engine does: a level, an object with one, or an object without."""
    entries: dict[str, Entry] = {}
    for name, value in json.loads((PACK / f"{environment}.json").read_text()).items():
        given: Args = {"enforcementLevel": value} if isinstance(value, str) else dict(value)
        level = given.pop("enforcementLevel", RULES[name].level.value if name in RULES else "")
        entries[name] = Entry(level, given)
    return entries


@pytest.mark.parametrize(
    ("name", "entry", "fault"),
    [
        ("pin-imag", Entry("mandatory", {}), "pin-imag: no rule has this name, did you mean pin-image?"),
        ("be-nice", Entry("mandatory", {}), "be-nice: no rule has this name"),
        ("keep-waivers-current", Entry("advisory", {}), "keep-waivers-current: is always mandatory"),
        ("pin-image", Entry("remediate", {}), "pin-image: level remediate is not one of"),
        ("all", Entry("remediate", {}), "all: level remediate is not one of mandatory, advisory, disabled"),
        (
            "forbid-docker-socket",
            Entry("advisory", {}),
            "forbid-docker-socket: must stay mandatory in every environment",
        ),
        (
            "forbid-docker-socket",
            Entry("disabled", {}),
            "forbid-docker-socket: must stay mandatory in every environment",
        ),
        ("pin-image", Entry("mandatory", {"tags": []}), "pin-image: has no parameter tags, it has none"),
        ("reserve-server-memory", Entry("mandatory", {"minimum": "512"}), "parameter minimum must be of type number"),
        ("reserve-server-memory", Entry("mandatory", {"minimum": True}), "parameter minimum must be of type number"),
        ("allow-image-registries", Entry("mandatory", {"registries": [1]}), "must be of type array of string"),
        ("use-https-base-url", Entry("mandatory", {"localNames": "yes"}), "must be of type boolean"),
    ],
)
def test_a_fault_names_the_rule(name: str, entry: Entry, fault: str) -> None:
    (found,) = _faults({name: entry})
    assert fault in found


@pytest.mark.parametrize("level", ["advisory", "disabled"])
def test_a_waivable_rule_is_weakened_outside_of_production_only(level: str) -> None:
    assert _faults({"pin-image": Entry(level, {})}) == []
    (fault,) = _faults({"pin-image": Entry(level, {})}, production=True)
    assert fault == f"pin-image: must stay mandatory in production, not {level}"


def test_a_parameter_that_relaxes_keeps_its_default_in_production() -> None:
    relaxed = {"use-https-base-url": Entry("mandatory", {"localNames": True})}
    assert _faults(relaxed) == []
    (fault,) = _faults(relaxed, production=True)
    assert fault == "use-https-base-url: parameter localNames must keep its default in production, it relaxes the rule"


def test_an_advisory_rule_is_raised_or_switched_off_anywhere() -> None:
    for level in ("mandatory", "disabled"):
        assert _faults({"limit-swap": Entry(level, {})}, production=True) == []


def _everywhere(level: str) -> dict[str, Entry]:
    """Return what the engine makes of an entry for all rules: one for each, and the entry itself."""
    return {"all": Entry(level, {}), **{name: Entry(level, {}) for name in RULES}}


@pytest.mark.parametrize("level", ["advisory", "disabled"])
@pytest.mark.parametrize("spelt_out", [True, False])
def test_an_entry_for_all_rules_weakens_none_that_must_stay(level: str, *, spelt_out: bool) -> None:
    entries = _everywhere(level) if spelt_out else {"all": Entry(level, {})}
    unwaivable = [name for name, rule in RULES.items() if not rule.waivable]
    first = f"all: must stay mandatory in every environment, not {level} ({len(unwaivable)} rules: {unwaivable[0]}, "
    (fault,) = _faults(entries)
    assert fault.startswith(first)
    # In whichever order the rules are.
    always, strict = sorted(_faults(entries, production=True))
    mandatory = [rule for rule in RULES.values() if rule.level is Level.MANDATORY and rule.waivable]
    assert always.startswith(first)
    assert strict.startswith(f"all: must stay mandatory in production, not {level} ({len(mandatory)} rules: ")


def test_an_entry_for_all_rules_may_leave_those_out_that_must_stay() -> None:
    kept = {name: Entry("mandatory", {}) for name, rule in RULES.items() if not rule.waivable}
    assert _faults({**_everywhere("advisory"), **kept}) == []
    (fault,) = _faults({**_everywhere("advisory"), **kept}, production=True)
    assert fault.startswith("all: must stay mandatory in production, not advisory")


def test_an_entry_for_all_rules_may_raise_them() -> None:
    assert _faults(_everywhere("mandatory"), production=True) == []


def test_a_rule_below_the_entry_for_all_rules_has_its_own_fault() -> None:
    entries = {**_everywhere("mandatory"), "pin-image": Entry("disabled", {})}
    assert _faults(entries, production=True) == ["pin-image: must stay mandatory in production, not disabled"]


def test_an_entry_for_all_rules_has_no_parameters() -> None:
    entries = {**_everywhere("mandatory"), "all": Entry("mandatory", {"minimum": 1})}
    assert _faults(entries) == ["all: has no parameters, but minimum is given"]


def test_what_is_refused_fits_into_an_answer() -> None:
    wrong = {f"no-rule-{number}": Entry("mandatory", {}) for number in range(1000)}
    with pytest.raises(RefusedError, match=r"no-rule-0: no rule has this name; .*; and 980 more$") as refused:
        PackServicer(list(RULES.values()), READERS).Configure(configure_request(wrong), REFUSING)
    assert len(str(refused.value)) < 4096


@pytest.mark.parametrize(
    ("stack", "config", "production"),
    [
        ("prod", {}, True),
        ("production-eu", {}, True),
        ("dev", {}, False),
        ("live", {"kotauth:environment": "production"}, True),
        ("live", {"kotauth:environment": "development"}, False),
        ("staging", {"kotauth:environment": "production"}, False),
        ("dev-anna", {"kotauth:environment": "production"}, False),
        ("test2", {"kotauth:environment": "production"}, False),
        ("devices-prod", {"kotauth:environment": "production"}, True),
        ("7-live", {"kotauth:environment": "production"}, True),
        ("production", {"kotauth:environment": "development"}, True),
    ],
)
def test_what_is_production(stack: str, config: dict[str, str], *, production: bool) -> None:
    servicer = PackServicer(list(RULES.values()), READERS)
    servicer.ConfigureStack(proto.AnalyzerStackConfigureRequest(stack=stack, config=config), REFUSING)
    weak = configure_request({"pin-image": Entry("advisory", {})})
    if production:
        with pytest.raises(RefusedError, match=r"INVALID_ARGUMENT.*pin-image: must stay mandatory in production"):
            servicer.Configure(weak, REFUSING)
    else:
        servicer.Configure(weak, REFUSING)


@pytest.mark.parametrize(("stack", "production"), [("prod", True), ("dev", False)])
def test_a_stack_that_is_not_told_is_known_by_its_resources(stack: str, *, production: bool) -> None:
    """`pulumi policy analyze` reads a state and configures no stack."""
    servicer = PackServicer(list(RULES.values()), READERS)
    servicer.Configure(configure_request({"pin-image": Entry("advisory", {})}), REFUSING)
    request = proto.AnalyzeRequest(urn=f"urn:pulumi:{stack}::kotauth::docker:index/volume:Volume::data")
    if production:
        with pytest.raises(RefusedError, match="pin-image: must stay mandatory in production"):
            servicer.Analyze(request, REFUSING)
    else:
        assert not servicer.Analyze(request, REFUSING).diagnostics


@pytest.mark.parametrize("environment", FILES)
def test_each_file_is_valid(environment: str) -> None:
    assert not list(faults(_read(environment), list(RULES.values()), production=environment == "prod"))


@pytest.mark.parametrize("environment", FILES)
def test_no_file_weakens_a_rule(environment: str) -> None:
    """Only a laptop does without advice."""
    for name, entry in _read(environment).items():
        assert entry.level in ("mandatory", RULES[name].level.value) or (
            (environment, entry.level, RULES[name].level) == ("dev", "disabled", Level.ADVISORY)
        )


RELAXED = {
    "allow-image-registries@server",
    "allow-image-registries@server-carrier",
    "have-alarms-on-docker@server",
    "have-backups-on-docker@server",
    "have-log-route-on-docker@server",
    "publish-only-expected-ports@frontend",
    "set-production-environment@server",
    "use-https-base-url@server",
}


@pytest.mark.parametrize(("environment", "expected"), [("dev", set()), ("staging", RELAXED), ("prod", RELAXED)])
def test_a_laptop_is_good_enough_for_dev_only(
    environment: str, expected: set[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("policy.kotauth_policy.engine.servicer.is_production", lambda *_: environment == "prod")
    configuration = _read(environment)
    servicer = PackServicer(list(RULES.values()), READERS)
    servicer.ConfigureStack(proto.AnalyzerStackConfigureRequest(), REFUSING)
    servicer.Configure(configure_request(configuration), REFUSING)
    violations = analyze(register(laptop.program), servicer=servicer)
    assert {f"{v.rule}@{v.resource}" for v in violations} == expected


def test_a_raised_rule_is_mandatory() -> None:
    (violation,) = analyze(
        register(build(put("frontend", "memory_swap", 1024))), configuration={"limit-swap": Entry("mandatory", {})}
    )
    assert violation.level == proto.MANDATORY
    (violation,) = analyze(register(build(put("frontend", "memory_swap", 1024))))
    assert violation.level == proto.ADVISORY
