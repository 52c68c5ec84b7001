from __future__ import annotations

import os
import random
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from scripts.cache import tree_digest

ROOT = Path(__file__).parents[2]
KILLS = 20
MODEL = "wine-mlp"  # the smallest
LOOPBACK_UP = """
import fcntl, os, socket, struct, sys
with socket.socket() as any_socket:
    fcntl.ioctl(any_socket, 0x8914, struct.pack("16sH22x", b"lo", 0x41))  # SIOCSIFFLAGS: IFF_UP | IFF_RUNNING
os.execvp(sys.argv[1], sys.argv[1:])
"""  # a machine that is cut off still has its loopback interface; a new name space has it switched off


def command(out: Path) -> list[str]:
    return [sys.executable, "-m", "scripts.cli", "build", "--offline", "--out", str(out)]


@pytest.fixture(autouse=True)
def without_mirror(monkeypatch: pytest.MonkeyPatch) -> None:
    """Build the models that bring their weights: published ones take longer and show nothing more here."""
    monkeypatch.delenv("EDGEWISE_MIRROR", raising=False)


def run(out: Path, prefix: tuple[str, ...] = (), *words: str, **environment: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [*prefix, *command(out), *words],
        cwd=ROOT,
        env=os.environ | environment,
        capture_output=True,
        text=True,
        check=False,
    )


def kill_after(seconds: float, words: list[str]) -> bool:
    """Start a build and kill it and its children; return whether it was still at work."""
    process = subprocess.Popen(
        words, cwd=ROOT, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, start_new_session=True
    )
    time.sleep(seconds)
    working = process.poll() is None
    if working:
        os.killpg(process.pid, signal.SIGKILL)
    process.wait()
    return working


@pytest.fixture(scope="module")
def catalog(tmp_path_factory) -> tuple[str, str]:
    """The words that name a catalog of one embedded model, which builds in seconds."""
    folder = tmp_path_factory.mktemp("catalog")
    shutil.copytree(ROOT / "catalog" / "models" / MODEL, folder / MODEL)
    return "--catalog", str(folder)


@pytest.fixture(scope="module")
def undisturbed(catalog, tmp_path_factory) -> tuple[str, float]:
    """Build once in another folder, time zone, locale and hash seed; give the site's digest and the seconds it took."""
    out = tmp_path_factory.mktemp("undisturbed") / "elsewhere"
    start = time.monotonic()
    done = run(out, (), *catalog, TZ="Pacific/Kiritimati", LC_ALL="C.UTF-8", PYTHONHASHSEED="7")
    assert done.returncode == 0, done.stderr
    return tree_digest(out / "site"), time.monotonic() - start


def test_a_build_killed_twenty_times_ends_with_the_same_bytes(undisturbed, catalog, tmp_path):
    """No kill, wherever it falls, changes the site or leaves half of one."""
    digest, seconds = undisturbed
    moments, kills = random.Random(0), 0
    while kills < KILLS:
        if not kill_after(moments.uniform(0.5, seconds), [*command(tmp_path), *catalog]):
            shutil.rmtree(tmp_path / "cache")  # it had finished: start over, so that the next kill hits work
            continue
        kills += 1
        if (tmp_path / "site").exists():
            assert tree_digest(tmp_path / "site") == digest, f"half a site after kill {kills}"
    done = run(tmp_path, (), *catalog)
    assert done.returncode == 0, done.stderr
    assert tree_digest(tmp_path / "site") == digest


def test_a_build_needs_no_network(undisturbed, catalog, tmp_path):
    """An embedded model builds on a machine that is cut off."""
    cut = ("unshare", "--map-root-user", "--net")
    if shutil.which("unshare") is None or subprocess.run([*cut, "true"], check=False, capture_output=True).returncode:
        pytest.skip("this machine does not allow a process without network: unshare --map-root-user --net fails")
    done = run(tmp_path, (*cut, sys.executable, "-c", LOOPBACK_UP), *catalog)
    assert done.returncode == 0, done.stderr
    assert tree_digest(tmp_path / "site") == undisturbed[0]


@pytest.mark.usefixtures("report")
def test_a_second_build_makes_nothing(mirror: Path | None):
    """After a build, the same command only looks up digests."""
    done = run(ROOT / "build", **({"EDGEWISE_MIRROR": str(mirror)} if mirror else {}))
    assert done.returncode == 0, done.stderr
    assert "0 steps made" in done.stderr
    assert done.stdout.strip().endswith("index.html")
