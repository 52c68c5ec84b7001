from __future__ import annotations

import os
import re
import subprocess
import sys
import urllib.request
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
BLOCKS = re.findall(r"```bash\n(.*?)```", (ROOT / "README.md").read_text("utf-8"), re.DOTALL)
COMMANDS = [line.split("#")[0].split() for block in BLOCKS for line in block.splitlines()]
PATH = {"PATH": f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"}


def named(program: str) -> list[list[str]]:
    return [command for command in COMMANDS if command and command[0] == program]


@pytest.mark.usefixtures("report")
@pytest.mark.parametrize("command", [c for c in named("edgewise") if "--serve" not in c], ids=" ".join)
def test_a_command_of_the_readme_succeeds(command, mirror):
    """What the README tells a newcomer to type works as written."""
    if command[1] == "fetch" and mirror is None:
        pytest.skip("the weights that others publish are not at hand, and tests use no network")
    done = subprocess.run(command, cwd=ROOT, env=os.environ | PATH, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr


@pytest.mark.usefixtures("report")
@pytest.mark.parametrize("command", [c for c in named("edgewise") if "--serve" in c], ids=" ".join)
def test_the_served_site_answers_at_the_address_that_is_printed(command):
    """A newcomer opens the printed address and sees the catalog."""
    with subprocess.Popen(
        [*command, "--port", "0"], cwd=ROOT, env=os.environ | PATH, stderr=subprocess.PIPE, text=True
    ) as server:
        assert server.stderr is not None
        address = next(match[0] for line in server.stderr if (match := re.search(r"http://[\d.]+:\d+/", line)))
        with urllib.request.urlopen(address) as answer:
            assert b"Edgewise" in answer.read()
        server.terminate()
        server.stderr.read()


@pytest.mark.parametrize("script", [c[0] for c in COMMANDS if c and c[0].startswith("./")])
def test_a_script_of_the_readme_can_be_started(script):
    """The two commands exist, are executable, and are valid shell."""
    assert os.access(ROOT / script, os.X_OK)
    subprocess.run(["bash", "-n", ROOT / script], check=True)


def test_the_readme_names_every_model():
    """Each model named under *What is in it* is a card, and each card is named there."""
    text = (ROOT / "README.md").read_text("utf-8")
    [section] = re.findall(r"^## What is in it$(.*?)^## ", text, re.MULTILINE | re.DOTALL)
    named = set(re.findall(r"`([a-z0-9.-]+)`", section))
    assert named == {path.parent.name for path in (ROOT / "catalog" / "models").glob("*/card.yaml")}
