"""The file of the waivers: what is read, and that each fault is refused with its line, before anything is evaluated."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date
from pathlib import Path

import pytest
from pulumi.runtime import proto

from policy.kotauth_policy.engine.configuration import Entry
from policy.kotauth_policy.engine.servicer import PackServicer
from policy.kotauth_policy.engine.waiver_file import FILE_VARIABLE, WaiverFileError, read_waivers
from policy.kotauth_policy.engine.waivers import Waiver
from policy.testing.wire import READERS, REFUSING, RULES, RefusedError, configure_request

PACK = Path(__file__).parents[2] / "policy"
URN = "urn:pulumi:dev::kotauth::*::server"
VALUES = {"rule": "limit-cpu", "urn": URN, "reason": "It is measured.", "owner": "platform", "expires": "2027-01-31"}


def entry(**changed: str | None) -> str:
    """Return an entry, one key a line from line 2 on; a key is left out for ``None``."""
    lines = [f"{key}: {text}" for key, text in {**VALUES, **changed}.items() if text is not None]
    return "  - " + "\n    ".join(lines) + "\n"


def listed(*entries: str) -> str:
    return "waivers:\n" + "".join(entries)


@pytest.fixture
def write(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[[str | bytes], Path]:
    file = tmp_path / "waivers.yaml"
    monkeypatch.setenv(FILE_VARIABLE, str(file))

    def write(content: str | bytes) -> Path:
        file.write_bytes(content if isinstance(content, bytes) else content.encode())
        return file

    return write


FAULTS = {
    "no reason": (listed(entry(reason=None)), "line 2: waiver 1: reason is missing"),
    "empty reason": (listed(entry(reason="")), "line 4: waiver 1: reason must not be empty"),
    "blank reason": (listed(entry(reason='" \\n\\t"')), "line 4: waiver 1: reason must not be empty"),
    "reason is a list": (listed(entry(reason="[a, b]")), "line 4: waiver 1: reason must be text"),
    "reason is a number": (listed(entry(reason="42")), "line 4: waiver 1: reason must be text, in quotes"),
    "no owner": (listed(entry(owner=None)), "line 2: waiver 1: owner is missing"),
    "null owner": (listed(entry(owner="~")), "line 5: waiver 1: owner must not be empty"),
    "no rule": (listed(entry(rule=None)), "line 2: waiver 1: rule is missing"),
    "no urn": (listed(entry(urn=None)), "line 2: waiver 1: urn is missing"),
    "no expiry": (listed(entry(expires=None)), "line 2: waiver 1: expires is missing"),
    "German date": (
        listed(entry(expires="31.01.2027")),
        "line 6: waiver 1: expires '31.01.2027' must be a date like 2027-01-31",
    ),
    "no such day": (listed(entry(expires="2027-02-30")), "line 6: waiver 1: expires '2027-02-30' must be a date"),
    "time": (listed(entry(expires="2027-01-31T00:00:00Z")), "line 6: waiver 1: expires '2027-01-31T00:00:00Z' must be"),
    "foreign digits": (listed(entry(expires="२०२७-01-31")), "line 6: waiver 1: expires '२०२७-01-31' must be a date"),
    "typing error": (
        listed(entry(rule="limit-cpus")),
        "line 2: waiver 1: rule 'limit-cpus' is the name of no rule, did you mean limit-cpu?",
    ),
    "unknown rule": (listed(entry(rule="be-nice")), "line 2: waiver 1: rule 'be-nice' is the name of no rule"),
    "pattern as rule": (listed(entry(rule='"limit-*"')), "line 2: waiver 1: rule 'limit-*' is the name of no rule"),
    "unwaivable rule": (
        listed(entry(rule="trace-secret-key")),
        "line 2: waiver 1: rule 'trace-secret-key' can't be waived, it must hold in every environment",
    ),
    "urn is a name": (
        listed(entry(urn="server")),
        "line 3: waiver 1: urn 'server' must be a pattern like urn:pulumi:STACK::PROJECT::*::NAME",
    ),
    "urn without project": (
        listed(entry(urn="urn:pulumi:*")),
        "line 3: waiver 1: urn 'urn:pulumi:*' must be a pattern",
    ),
    "unknown key": (
        listed(entry(ticket="INFRA-1")),
        "line 7: waiver 1 has no key 'ticket', it has rule, urn, reason, owner, expires",
    ),
    "key with a typing error": (
        listed(entry(expire="x")),
        "line 7: waiver 1 has no key 'expire', did you mean expires?",
    ),
    "key twice": (listed(entry() + "    owner: me\n"), "line 7: waiver 1 has owner twice"),
    "key that is none": (listed(entry() + "    [a]: b\n"), "line 7: waiver 1 has no key '?', it has rule"),
    "duplicate": (
        listed(entry(), entry()),
        f"line 8: waiver 2: urn '{URN}' has a waiver of limit-cpu in line 2 already",
    ),
    "entry is text": (listed(entry(), "  - limit-cpu\n"), "line 7: waiver 2 must be a mapping with rule, urn, reason"),
    "empty entry": (listed("  -\n"), "line 2: waiver 1 must be a mapping"),
    "waivers is a mapping": ("waivers:\n  rule: limit-cpu\n", "line 2: waivers must be a list"),
    "waivers is text": ("waivers: none\n", "line 1: waivers must be a list"),
    "a list": (entry(), "line 1: the file must be a mapping with waivers"),
    "other key": ("# mine\nwaiver: []\n", "line 2: the file has no key 'waiver', did you mean waivers?"),
    "open bracket": ("waivers: [\n", "line 2: is not YAML: while parsing a flow node"),
    "indentation": (
        "waivers:\n  - rule: limit-cpu\n   urn: x\n",
        "line 3: is not YAML: while parsing a block collection, expected <block end>",
    ),
    "tab": ("waivers:\n\t- rule: x\n", "line 2: is not YAML: while scanning for the next token, found character '\\t'"),
    "two documents": ("waivers: []\n---\nwaivers: []\n", "line 2: is not YAML: expected a single document"),
    "undefined alias": ("waivers: *mine\n", "line 1: is not YAML: found undefined alias"),
    "control character": ("waivers:\n  - rule: \x07\n", "line 2: is not YAML: special characters are not allowed"),
    "Latin-1": ("waivers:\n  - reason: größer\n".encode("latin-1"), "line 2: is not UTF-8"),
    "too deep": ("waivers: " + "[" * 20000, "line 1: is nested too deeply"),
}


@pytest.mark.parametrize(("content", "fault"), FAULTS.values(), ids=FAULTS)
def test_a_fault_is_refused_with_its_line(
    write: Callable[[str | bytes], Path], content: str | bytes, fault: str
) -> None:
    file = write(content)
    with pytest.raises(WaiverFileError) as refused:
        read_waivers(RULES)
    before, _, said = str(refused.value).partition(" are refused: ")
    assert before == f"the waivers in {file}"
    assert said.startswith(fault)
    assert "; " not in said, "one fault, one sentence"


def test_all_faults_are_said_at_once_and_a_flood_is_cut(write: Callable[[str | bytes], Path]) -> None:
    write(listed(entry(owner=None, rule="limit-cpus"), entry(urn="x"), entry(expires="soon")))
    with pytest.raises(WaiverFileError) as refused:
        read_waivers(RULES)
    assert [part.partition(":")[0] for part in str(refused.value).partition("refused: ")[2].split("; ")] == [
        "line 2",
        "line 2",
        "line 7",
        "line 15",
    ]
    write(listed(*["  - x\n"] * 500, entry(reason="[" + "a" * 10_000 + "]")))
    with pytest.raises(WaiverFileError, match=r"line 21: [^;]*; and 481 more$") as refused:
        read_waivers(RULES)
    assert len(str(refused.value)) < 4096


@pytest.mark.parametrize("call", ["ConfigureStack", "Analyze", "AnalyzeStack"])
def test_whatever_is_called_first_is_refused(write: Callable[[str | bytes], Path], call: str) -> None:
    """`pulumi policy analyze` configures no stack."""
    write(listed(entry(reason=None)))
    requests = {
        "ConfigureStack": proto.AnalyzerStackConfigureRequest(stack="dev", project="kotauth", dry_run=True),
        "Analyze": proto.AnalyzeRequest(urn=URN.replace("*", "docker:index/volume:Volume")),
        "AnalyzeStack": proto.AnalyzeStackRequest(),
    }
    pack = PackServicer(RULES, READERS)
    pack.Configure(configure_request({"limit-swap": Entry("mandatory", {})}), REFUSING)
    for _ in range(2):
        with pytest.raises(RefusedError, match=r"^INVALID_ARGUMENT: the waivers in .* line 2: .*reason is missing$"):
            getattr(pack, call)(requests[call], REFUSING)


def test_a_good_file_is_read(write: Callable[[str | bytes], Path]) -> None:
    write(
        "# ours\nwaivers:\n"
        "  - {rule: limit-cpu, urn: 'urn:pulumi:dev::kotauth::*', owner: Zoë 🦊, reason: x, expires: '2027-01-31'}\n"
        + entry(reason="|\n      größer als\n      sonst:\t\u00a0 ja", owner='"a\\e[31m\\u0000b"')
    )
    first, second = read_waivers(RULES)
    assert first == Waiver(
        rule="limit-cpu",
        urn="urn:pulumi:dev::kotauth::*",
        reason="x",
        owner="Zoë 🦊",
        expires=date(2027, 1, 31),
        line=3,
    )
    assert (second.reason, second.owner, second.line) == ("größer als sonst: ja", "a [31m b", 4)


@pytest.mark.parametrize("content", ["", "# none\n", "waivers:\n", "waivers: []\n", "\ufeffwaivers: []\r\n", "---\n"])
def test_a_file_without_entries_waives_nothing(write: Callable[[str | bytes], Path], content: str) -> None:
    write(content)
    assert read_waivers(RULES) == []


@pytest.mark.parametrize("place", ["absent.yaml", "."])
def test_a_file_that_is_named_must_be_there(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, place: str) -> None:
    monkeypatch.setenv(FILE_VARIABLE, str(tmp_path / place))
    with pytest.raises(
        WaiverFileError, match=rf"^the waivers can't be read: variable {FILE_VARIABLE}: {tmp_path}.*: [NI]"
    ):
        read_waivers(RULES)


def test_the_own_file_is_good_and_its_example_too(
    write: Callable[[str | bytes], Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv(FILE_VARIABLE)
    assert read_waivers(RULES) == []
    lines = (PACK / "waivers.yaml").read_text().splitlines()
    example = [line.removeprefix("# ") for line in lines if line.startswith("#   ")]
    monkeypatch.undo()
    monkeypatch.setenv(FILE_VARIABLE, str(write(listed("\n".join(example)))))
    (waiver,) = read_waivers(RULES)
    assert waiver.rule == "limit-cpu"


def test_the_own_file_may_be_missing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv(FILE_VARIABLE, raising=False)
    monkeypatch.setattr("policy.kotauth_policy.engine.waiver_file._OWN_FILE", tmp_path / "waivers.yaml")
    assert read_waivers(RULES) == []
