"""Copies what the browser runs from the installed Node packages into the site: nothing comes from another origin."""

from __future__ import annotations

import gzip
import shutil
from pathlib import Path

ORT, FONTS, TOKENIZERS = "onnxruntime-web/dist", "@fontsource-variable", "@huggingface/tokenizers"
FILES = {
    # The build without WebGPU: 3.7 MB on the wire, where the default one takes 28 MB.
    "onnxruntime-web/ort.wasm.min.mjs": f"{ORT}/ort.wasm.min.mjs",
    "onnxruntime-web/ort-wasm-simd-threaded.mjs": f"{ORT}/ort-wasm-simd-threaded.mjs",
    # Compressed here and unpacked by the page, so that a host that does not compress costs nothing.
    "onnxruntime-web/ort-wasm-simd-threaded.wasm.gz": f"{ORT}/ort-wasm-simd-threaded.wasm",
    "onnxruntime-web/package.json": "onnxruntime-web/package.json",  # its version is shown beside a result
    "minisearch/index.js": "minisearch/dist/es/index.js",
    "minisearch/LICENSE.txt": "minisearch/LICENSE.txt",
    # Loaded by the step `tokenize` alone.
    "tokenizers/tokenizers.mjs": f"{TOKENIZERS}/dist/tokenizers.min.mjs",
    "tokenizers/LICENSE.txt": f"{TOKENIZERS}/LICENSE",
    "fonts/inter-latin.woff2": f"{FONTS}/inter/files/inter-latin-wght-normal.woff2",
    "fonts/inter-LICENSE.txt": f"{FONTS}/inter/LICENSE",
    "fonts/jetbrains-mono-latin.woff2": f"{FONTS}/jetbrains-mono/files/jetbrains-mono-latin-wght-normal.woff2",
    "fonts/jetbrains-mono-LICENSE.txt": f"{FONTS}/jetbrains-mono/LICENSE",
}


def copy(node_modules: Path, target: Path) -> None:
    """Write every file of the table under `target`; a name that ends in `.gz` is compressed on the way."""
    for name, source in FILES.items():
        path = target / name
        path.parent.mkdir(parents=True, exist_ok=True)
        if name.endswith(".gz"):
            path.write_bytes(gzip.compress((node_modules / source).read_bytes(), 9, mtime=0))
        else:
            shutil.copyfile(node_modules / source, path)
