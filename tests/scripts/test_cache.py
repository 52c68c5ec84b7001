from __future__ import annotations

import subprocess
import sys

import pytest

from scripts.cache import Cache, only_build, point


def make(folder):
    (folder / "a.txt").write_text("made")


def test_a_step_with_equal_inputs_is_made_once(tmp_path):
    """The second build takes seconds."""
    cache = Cache(tmp_path)
    first = cache.step("s", {"x": 1}, make, code=())
    second = cache.step("s", {"x": 1}, pytest.fail, code=())
    assert first == second
    assert cache.made == 1


def test_a_step_with_other_inputs_is_made_anew(tmp_path):
    """An edited card is not answered with old files."""
    cache = Cache(tmp_path)
    assert cache.step("s", {"x": 1}, make, code=()) != cache.step("s", {"x": 2}, make, code=())


def test_a_step_that_fails_half_way_leaves_nothing_that_counts(tmp_path):
    """The next build makes it again from the start."""

    def fail(folder):
        (folder / "a.txt").write_text("half")
        raise OSError("disk full")

    cache = Cache(tmp_path)
    with pytest.raises(OSError, match="disk full"):
        cache.step("s", {}, fail, code=())
    assert (cache.step("s", {}, make, code=()) / "a.txt").read_text() == "made"


def test_the_site_link_changes_in_one_step(tmp_path):
    """A reader sees the old site or the new one, and never none."""
    for name in ("old", "new"):
        (tmp_path / name).mkdir()
        point(tmp_path / "site", tmp_path / name)
        assert (tmp_path / "site").resolve().name == name
    assert sorted(path.name for path in tmp_path.iterdir()) == ["new", "old", "site"]


def test_two_builds_in_one_folder_do_not_mix(tmp_path):
    """The second says that the first is at work, instead of deleting its files."""
    code = "import sys, pathlib; from scripts.cache import only_build\nwith only_build(pathlib.Path(sys.argv[1])): pass"
    with only_build(tmp_path):
        done = subprocess.run([sys.executable, "-c", code, str(tmp_path)], capture_output=True, text=True, check=False)
    assert done.returncode != 0
    assert "another build is at work" in done.stderr
