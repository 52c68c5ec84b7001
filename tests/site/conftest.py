"""A small stage of two models, the generator's modules, and the site that MkDocs makes of them."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tests.conftest import ROOT, serve

sys.path.append(str(ROOT / "site" / "hooks"))  # as MkDocs does for a hook; `site` itself is no package
SUB_PATH = "some/sub/path"


@pytest.fixture(scope="session")
def stage() -> Path:
    """The folder that a build would hand to the site."""
    return Path(__file__).parent / "stage"


@pytest.fixture(scope="session")
def make_site(tmp_path_factory: pytest.TempPathFactory) -> Callable[[Path], Path]:
    """Build the site of any stage folder, strictly, with its static files in place."""

    def make(stage: Path) -> Path:
        target = tmp_path_factory.mktemp("site") / SUB_PATH
        command = [sys.executable, "-m", "mkdocs", "build", "--strict", "--site-dir", str(target)]
        environment = os.environ | {"EDGEWISE_STAGE": str(stage), "NO_MKDOCS_2_WARNING": "1"}
        done = subprocess.run(command, cwd=ROOT, env=environment, capture_output=True, text=True, check=False)
        assert done.returncode == 0, done.stderr
        for source, place in ((stage / "api", "api"), (stage / "models", "models"), (ROOT / "site/assets", "static")):
            shutil.copytree(source, target / place, dirs_exist_ok=True)
        vendor = {
            "minisearch/index.js": "minisearch/dist/es/index.js",
            "fonts/inter-latin.woff2": "@fontsource-variable/inter/files/inter-latin-wght-normal.woff2",
            "fonts/jetbrains-mono-latin.woff2": (
                "@fontsource-variable/jetbrains-mono/files/jetbrains-mono-latin-wght-normal.woff2"
            ),
        }
        for place, file in vendor.items():
            path = target / "static/vendor" / place
            path.parent.mkdir(parents=True, exist_ok=True)
            shutil.copyfile(ROOT / "site/node_modules" / file, path)
        return target

    return make


@pytest.fixture(scope="session")
def small_site(make_site: Callable[[Path], Path], stage: Path) -> Path:
    """The folder of the small site, which lies under a sub-path."""
    return make_site(stage)


@pytest.fixture(scope="session")
def small_url(small_site: Path) -> Iterator[str]:
    """Its address on a plain file server, such as `http://127.0.0.1:40001/some/sub/path/`."""
    root = small_site.parents[SUB_PATH.count("/")]
    for address in serve(root, isolated=False):
        yield f"{address}{SUB_PATH}/"
