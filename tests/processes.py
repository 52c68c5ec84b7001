"""What runs on this machine, as /proc tells."""

from __future__ import annotations

from pathlib import Path


def running() -> dict[int, tuple[int, str]]:
    """The parent and the command line of every process that has not ended, by process id."""
    found = {}
    for folder in Path("/proc").glob("[0-9]*"):
        try:
            state, parent = (folder / "stat").read_text().rpartition(") ")[2].split()[:2]
            words = (folder / "cmdline").read_bytes().replace(b"\0", b" ").decode(errors="replace")
        except OSError:  # it has just gone
            continue
        if state != "Z":
            found[int(folder.name)] = int(parent), words
    return found


def descendants(root: int) -> dict[int, str]:
    """The command lines of those that `root` started, itself or through others."""
    everything, below = running(), {root}
    while more := {pid for pid, (parent, _) in everything.items() if parent in below} - below:
        below |= more
    return {pid: words for pid, (_, words) in everything.items() if pid in below - {root}}
