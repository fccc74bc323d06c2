"""Files of the host: whole, or as they were before."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from components.aws.host.scripts.files import read, write

ME = (os.getuid(), os.getgid())


def test_content_mode_and_owner(tmp_path: Path) -> None:
    write(str(tmp_path / "folder" / "file"), b"content", mode=0o400, owner=ME)
    file = tmp_path / "folder" / "file"
    assert (file.read_bytes(), file.stat().st_mode & 0o777, file.stat().st_uid) == (b"content", 0o400, ME[0])


def test_no_other_process_sees_a_part_of_it(tmp_path: Path) -> None:
    modes: list[int] = []
    real = os.fchmod

    def fchmod(descriptor: int, mode: int) -> None:
        modes.append(os.fstat(descriptor).st_mode & 0o777)
        real(descriptor, mode)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(os, "fchmod", fchmod)
        write(str(tmp_path / "file"), b"secret", mode=0o644, owner=ME)
    assert modes == [0o600]


def test_it_replaces_a_file_that_only_its_owner_reads(tmp_path: Path) -> None:
    for content in (b"old", b"new"):
        write(str(tmp_path / "file"), content, mode=0o400, owner=ME)
    assert (tmp_path / "file").read_bytes() == b"new"
    assert os.listdir(tmp_path) == ["file"]


def test_nothing_is_never_written(tmp_path: Path) -> None:
    write(str(tmp_path / "file"), b"old", owner=ME)
    with pytest.raises(ValueError, match=r"nothing to write to .*file"):
        write(str(tmp_path / "file"), b"", owner=ME)
    assert (tmp_path / "file").read_bytes() == b"old"


@pytest.mark.parametrize("before", [None, b"old"])
def test_a_full_disk_leaves_what_was_there(tmp_path: Path, before: bytes | None) -> None:
    file = tmp_path / "file"
    if before is not None:
        file.write_bytes(before)
    # A limit on file sizes ends a write in its middle, as a full disk does; in a process of its own.
    program = f"""
import resource, signal
from components.aws.host.scripts.files import write
signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
resource.setrlimit(resource.RLIMIT_FSIZE, (4096, 4096))
write({str(file)!r}, b"x" * 100_000, owner={ME})
"""
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=False, timeout=300)
    assert done.returncode == 1
    assert "OSError: [Errno 27] File too large" in done.stderr
    assert (file.read_bytes() if file.exists() else None) == before
    assert [entry for entry in os.listdir(tmp_path) if entry.endswith(".part")] == []


def test_a_rest_of_an_earlier_try_is_no_obstacle(tmp_path: Path) -> None:
    (tmp_path / "file.part").write_bytes(b"x" * 1000)
    write(str(tmp_path / "file"), b"content", owner=ME)
    assert (tmp_path / "file").read_bytes() == b"content"


def test_a_file_that_is_not_there_is_empty(tmp_path: Path) -> None:
    assert read(str(tmp_path / "file")) == b""
