from __future__ import annotations

import hashlib
import io
import socket
import subprocess
import sys
import zipfile
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from http.server import ThreadingHTTPServer
from pathlib import Path
from types import SimpleNamespace

import pytest

from catalog.card import PublishedFile
from catalog.download import Limits
from catalog.source import SourceError, UnreachableError, gather, obtain
from tests.catalog.misbehaving import DATA, SHA256, serving

HASTY = Limits(attempts=3, first_pause=0.01, stalled=0.4)


@pytest.fixture
def server() -> Iterator[ThreadingHTTPServer]:
    """A server that misbehaves by path."""
    with serving() as running:
        yield running


@pytest.fixture(autouse=True)
def cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty cache, and no mirror."""
    monkeypatch.delenv("EDGEWISE_MIRROR", raising=False)
    monkeypatch.setenv("EDGEWISE_CACHE", str(tmp_path / "cache"))
    return tmp_path / "cache"


def file_at(server: ThreadingHTTPServer, *paths: str) -> SimpleNamespace:
    """The file that cards would name, at these paths."""
    first, *others = [f"http://127.0.0.1:{server.server_address[1]}{path}" for path in paths]
    return SimpleNamespace(url=first, mirrors=others, bytes=len(DATA), sha256=SHA256)


@pytest.mark.parametrize("path", ["/whole", "/elsewhere", "/busy-twice", "/breaks-off-once", "/ignores-ranges"])
def test_a_server_that_comes_round_gives_the_file(server, cache, path):
    """Redirects, busy servers and broken connections end with the right bytes and nothing beside them."""
    assert obtain(file_at(server, path), limits=HASTY).read_bytes() == DATA
    assert [one.name for one in (cache / "sha256").iterdir()] == [SHA256]


def test_a_broken_download_goes_on_where_it_broke_off(server):
    """What has arrived is not fetched again."""
    obtain(file_at(server, "/breaks-off-once"), limits=HASTY)
    assert server.ranges == [None, "bytes=100000-"]


FAULTS = {
    "/stalls": "the connection broke off: .*timed out.*3 attempts; 10 of 300,000 bytes are kept",
    "/resets": "3 attempts; 0 of 300,000 bytes are kept",
    "/short": r"the server ended after 1,000 of 300,000 bytes",
    "/long": "expected 300,000 bytes, got more: correct the card's `bytes` or the address",
    "/page": "expected 300,000 bytes of a file, got a web page: it may want a login, or the file has moved",
    "/page-of-the-right-length": f"expected sha256 {SHA256}, got a web page",
    "/wrong": f"expected sha256 {SHA256}, got 300,000 bytes with sha256 [0-9a-f]{{64}}: the file was changed",
    "/missing": "expected status 200, got 404: correct the address",
    "/forbidden": "expected status 200, got 403: see in a browser what the server wants",
    "/to-a-file": "leads to an address that is not http or https",
    "/in-a-circle": "is redirected again and again; use the final address",
}


@pytest.mark.parametrize(("path", "message"), FAULTS.items(), ids=FAULTS)
def test_a_faulty_server_is_told_as_such_and_the_next_run_succeeds(server, cache, path, message):
    """The message says what the address gave and what to do; nothing half there has a name that anything reads."""
    with pytest.raises(UnreachableError, match=f"{path}: .*{message}"):
        obtain(file_at(server, path), limits=HASTY)
    assert not (cache / "sha256" / SHA256).exists()
    assert obtain(file_at(server, "/whole"), limits=HASTY).read_bytes() == DATA


def test_the_next_address_is_tried_when_one_fails(server):
    """A dead address does no harm while a mirror has the file."""
    assert obtain(file_at(server, "/missing", "/wrong", "/whole"), limits=HASTY).read_bytes() == DATA


def test_all_reasons_are_told_when_every_address_fails(server):
    """Whoever has to repair the card sees each address with its fault."""
    with pytest.raises(UnreachableError, match=r"(?s)/missing: .*404.*/forbidden: .*403"):
        obtain(file_at(server, "/missing", "/forbidden"), limits=HASTY)


def test_a_host_that_nobody_answers_at_is_tried_with_patience_once():
    """Without a network a build of many models says so at once, and does not wait anew for every file."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        nobody = f"http://127.0.0.1:{free.getsockname()[1]}/file"
    wanted = SimpleNamespace(url=nobody, mirrors=[], bytes=len(DATA), sha256=SHA256)
    for attempts in (3, 1):
        with pytest.raises(UnreachableError, match=rf"cannot be reached: .*\({attempts} attempts;"):
            obtain(wanted, limits=HASTY)


def test_a_file_is_fetched_once(server):
    """A second run needs no network."""
    obtain(file_at(server, "/whole"))
    obtain(file_at(server, "/whole"), offline=True)
    assert server.seen["/whole"] == 1


def test_two_runs_at_once_fetch_it_once(server):
    """Two builds that want the same file wait for each other."""
    with ThreadPoolExecutor(2) as pool:
        paths = list(pool.map(lambda _: obtain(file_at(server, "/whole")), range(2)))
    assert [path.read_bytes() for path in paths] == [DATA, DATA]
    assert server.seen["/whole"] == 1


def test_offline_asks_nobody(server):
    """With the network forbidden no request leaves, and the message says what helps."""
    with pytest.raises(
        UnreachableError, match="the network was not to be used: run `edgewise fetch`, or set EDGEWISE_M"
    ):
        obtain(file_at(server, "/whole"), offline=True)
    assert not server.seen


def test_a_mirror_comes_first(server, tmp_path, monkeypatch):
    """A folder or an address laid out by digest serves what it has; the file's own address is not asked."""
    (tmp_path / "mirror" / "sha256").mkdir(parents=True)
    (tmp_path / "mirror" / "sha256" / SHA256).write_bytes(DATA)
    monkeypatch.setenv("EDGEWISE_MIRROR", str(tmp_path / "mirror"))
    assert obtain(file_at(server, "/missing")).read_bytes() == DATA
    monkeypatch.setenv("EDGEWISE_MIRROR", f"http://127.0.0.1:{server.server_address[1]}/")
    assert obtain(file_at(server, "/missing")).read_bytes() == DATA
    assert list(server.seen) == [f"/sha256/{SHA256}"]


def test_a_mirror_with_other_bytes_is_refused(server, tmp_path, monkeypatch):
    """A mirror that went bad is named, not silently passed over."""
    (tmp_path / "sha256").mkdir()
    (tmp_path / "sha256" / SHA256).write_bytes(b"other")
    monkeypatch.setenv("EDGEWISE_MIRROR", str(tmp_path))
    with pytest.raises(SourceError, match=f"{SHA256}: expected sha256 {SHA256}, got "):
        obtain(file_at(server, "/whole"))


FULL = """
import sys
from types import SimpleNamespace
from catalog.source import obtain
url, size, sha256 = sys.argv[1:]
obtain(SimpleNamespace(url=url, mirrors=[], bytes=int(size), sha256=sha256))
"""


def test_a_full_disk_is_told_as_such(server, tmp_path):
    """On a disk of 64 kB the message names the folder and the way out, and the unfinished file is gone."""
    wanted = file_at(server, "/whole")
    run = f'{sys.executable} -c "$1" {wanted.url} {wanted.bytes} {wanted.sha256}; echo left: $(ls -A $2/sha256)'
    script = f'mount -t tmpfs -o size=64k none "$2" || exit 77; EDGEWISE_CACHE="$2"; export EDGEWISE_CACHE; {run}'
    command = ["unshare", "--mount", "--map-root-user", "bash", "-c", script, "bash", FULL, str(tmp_path)]
    done = subprocess.run(command, capture_output=True, text=True, check=False, cwd=Path(__file__).parents[2])
    if done.returncode == 77 or "unshare" in done.stderr:
        pytest.skip(f"this machine lets no test mount a small disk: {done.stderr.strip()}")
    assert f"no space left in {tmp_path}/sha256; free some, or set EDGEWISE_CACHE" in done.stderr
    assert done.stdout == "left:\n"


def archive(cache: Path, **contents: bytes) -> SimpleNamespace:
    """A card whose labels lie in a ZIP archive that is in the cache already."""
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as opened:
        for name, data in contents.items():
            opened.writestr(f"{name}.txt", data)
    return _in_cache(cache, buffer.getvalue())


def _in_cache(cache: Path, data: bytes) -> SimpleNamespace:
    digest = hashlib.sha256(data).hexdigest()
    (cache / "sha256").mkdir(parents=True)
    (cache / "sha256" / digest).write_bytes(data)
    url = "https://weights.example/model.tflite"
    file = PublishedFile(url=url, bytes=len(data), sha256=digest, member="labels.txt")
    return SimpleNamespace(files={"names/labels.txt": file})


def test_labels_inside_a_model_file_are_taken_out_of_it(cache, tmp_path):
    """A TFLite file with metadata is a ZIP archive; only the named file comes out, under the card's name for it."""
    (tmp_path / "card").mkdir()
    gather(archive(cache, labels=b"cat\ndog\n", other=b"x"), tmp_path / "card", tmp_path / "all", offline=True)
    assert [path.name for path in (tmp_path / "all").rglob("*.txt")] == ["labels.txt"]
    assert (tmp_path / "all/names/labels.txt").read_bytes() == b"cat\ndog\n"


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda cache: archive(cache, other=b"x"), "expected labels.txt of at most .* got other.txt: correct `member`"),
        (lambda cache: archive(cache, labels=bytes(2**26 + 1)), "expected labels.txt .* got one of 67108865 bytes"),
        (lambda cache: _in_cache(cache, b"no archive"), "expected a ZIP archive with labels.txt: .* correct `member`"),
    ],
    ids=["no such file", "too large", "no archive"],
)
def test_an_archive_without_the_named_file_is_told_as_such(cache, tmp_path, make, message):
    """The address, what was expected of it, and what is there."""
    (tmp_path / "card").mkdir()
    with pytest.raises(SourceError, match=f"https://weights.example/model.tflite: {message}"):
        gather(make(cache), tmp_path / "card", tmp_path / "all", offline=True)
