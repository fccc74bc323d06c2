"""Where `make image` writes into the file of a stack, and that everything else in it stays."""

from __future__ import annotations

from random import Random

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from cli import stack_file
from tests.project import ROOT

IMAGE = "ami-0fedcba9876543210"
KEY = "kotauth:hostImageId"


def test_the_comment_in_the_committed_file_becomes_the_setting() -> None:
    before = (ROOT / "Pulumi.prod.yaml").read_text()
    after = stack_file.pin(before, "hostImageId", IMAGE)
    changed = [pair for pair in zip(before.splitlines(), after.splitlines(), strict=True) if pair[0] != pair[1]]
    assert changed == [(f"  # {KEY}: ami-0123456789abcdef0", f"  {KEY}: {IMAGE}")]
    assert yaml.safe_load(after)["config"][KEY] == IMAGE


@pytest.mark.parametrize(
    ("before", "after"),
    [
        (f'config:\n  {KEY}: "ami-01234567"\n', f"config:\n  {KEY}: {IMAGE}\n"),
        (f"config:\n    {KEY}: ami-01234567 # of May\n", f"config:\n    {KEY}: {IMAGE} # of May\n"),
        (f"config:\n  {KEY}:\n", f"config:\n  {KEY}: {IMAGE}\n"),
        # The setting, not an old one in a comment before it.
        (f"config:\n  # {KEY}: ami-1\n  {KEY}: ami-2\n", f"config:\n  # {KEY}: ami-1\n  {KEY}: {IMAGE}\n"),
        (f"config:\n  # {KEY}: ami-1\n  # {KEY}: ami-2\n", f"config:\n  {KEY}: {IMAGE}\n  # {KEY}: ami-2\n"),
        ("# Ours\nconfig: # all\n    a:b: c\n", f"# Ours\nconfig: # all\n    {KEY}: {IMAGE}\n    a:b: c\n"),
        ("encryptionsalt: v1:x\nconfig:\n", f"encryptionsalt: v1:x\nconfig:\n  {KEY}: {IMAGE}\n"),
    ],
    ids=["set", "with a comment", "empty", "set beside a comment", "in two comments", "new", "the first one"],
)
def test_one_line_changes(before: str, after: str) -> None:
    assert stack_file.pin(before, "hostImageId", IMAGE) == after
    assert stack_file.pin(after, "hostImageId", IMAGE) == after


def test_a_file_without_settings_is_refused() -> None:
    with pytest.raises(ValueError, match="no config block"):
        stack_file.pin("encryptionsalt: v1:x\n", "hostImageId", IMAGE)


LINES = st.sampled_from(["", "# a note", "aws:region: eu-central-1", 'kotauth:memory: "600" # MB', 'kotauth:cpus: "2"'])


@given(
    st.lists(LINES, max_size=6, unique=True),
    st.sampled_from([f"{KEY}: ami-1 # of May", f"# {KEY}: ami-1", None]),
    st.randoms(),
)
def test_all_other_lines_stay_in_their_order(lines: list[str], ours: str | None, random: Random) -> None:
    block = [f"  {line}" if line else line for line in lines]
    if ours:
        block.insert(random.randint(0, len(block)), f"  {ours}")
    before = "\n".join(["# Ours", "config:", *block, "encryptionsalt: v1:x", ""])
    after = stack_file.pin(before, "hostImageId", IMAGE)
    others = [line for line in after.splitlines() if f"{KEY}: {IMAGE}" not in line]
    assert others == [line for line in before.splitlines() if KEY not in line]
    assert yaml.safe_load(after)["config"][KEY] == IMAGE
    assert ("# of May" in after) == ("# of May" in before)
