"""Short programs that run a model's ONNX file, filled in from its card; the texts are in `site/templates/snippets/`.

Sources: the API references of onnxruntime (Python), onnxruntime-web, ONNX Runtime for Android (its Java API) and for
iOS (its Objective-C API as Swift sees it).
"""

from __future__ import annotations

import json
import math
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from jinja2 import Environment, FileSystemLoader, StrictUndefined

LANGUAGES = (  # template, title, how to install the runtime
    ("python.py", "Python", "pip install onnxruntime numpy"),
    ("javascript.mjs", "JavaScript", "npm install onnxruntime-web"),
    ("android.kt", "Android", 'implementation("com.microsoft.onnxruntime:onnxruntime-android:latest.release")'),
    ("ios.swift", "iOS", "Swift package: microsoft/onnxruntime-swift-package-manager"),
)
TYPES = {  # dtype: (JavaScript array, Kotlin buffer, Swift type, Swift element type); None: that API has no such type
    "float32": ("Float32Array", "FloatBuffer.wrap(FloatArray({n}))", "Float", "float"),
    "float16": ("Uint16Array", "ByteBuffer.allocateDirect(2 * {n})", None, None),
    "int8": ("Int8Array", "ByteBuffer.allocateDirect({n})", "Int8", "int8"),
    "uint8": ("Uint8Array", "ByteBuffer.allocateDirect({n})", "UInt8", "uInt8"),
    "int16": ("Int16Array", "ShortBuffer.wrap(ShortArray({n}))", None, None),
    "int32": ("Int32Array", "IntBuffer.wrap(IntArray({n}))", "Int32", "int32"),
    "int64": ("BigInt64Array", "LongBuffer.wrap(LongArray({n}))", "Int64", "int64"),
    "bool": ("Uint8Array", "ByteBuffer.allocateDirect({n})", None, None),
}
KOTLIN_BYTES = {"float16": "FLOAT16", "int8": "INT8", "uint8": "UINT8", "bool": "BOOL"}

environment = Environment(  # plain text: the page that shows it escapes it
    loader=FileSystemLoader(Path(__file__).parents[1] / "templates" / "snippets"),
    undefined=StrictUndefined,
    trim_blocks=True,
    lstrip_blocks=True,
    autoescape=False,  # noqa: S701
)
environment.filters["literal"] = lambda text: json.dumps(text, ensure_ascii=False)
environment.filters["kotlin"] = lambda text: json.dumps(text, ensure_ascii=False).replace("$", "\\$")


def snippets(card: Mapping[str, Any], file: str) -> list[dict[str, str]]:
    """Give `{id, title, install, code}` for each language; `file` is the name of the card's fp32 ONNX file."""
    context = {"inputs": _inputs(card), "output": card["outputs"][0]["id"], "file": file}
    return [
        {
            "id": template.partition(".")[0],
            "title": title,
            "install": install,
            "code": environment.get_template(f"{template}.jinja").render(context),
        }
        for template, title, install in LANGUAGES
    ]


def _inputs(card: Mapping[str, Any]) -> list[dict[str, Any]]:
    """Name the variables `x`, or `x1`, `x2`, … and choose for each input a shape that its axes allow."""
    several = len(card["inputs"]) > 1
    return [_input(tensor, f"x{number}" if several else "x") for number, tensor in enumerate(card["inputs"], 1)]


def _input(tensor: Mapping[str, Any], variable: str) -> dict[str, Any]:
    shape = [axis["size"] if isinstance(axis["size"], int) else axis["size"]["min"] for axis in tensor["axes"]]
    javascript, kotlin, swift, element = TYPES[tensor["dtype"]]
    return {
        "id": tensor["id"],
        "variable": variable,
        "dtype": tensor["dtype"],
        "shape": ", ".join(map(str, shape)),
        "count": math.prod(shape),
        "axes": ", ".join(axis["name"] for axis in tensor["axes"]),
        "javascript": javascript,
        "kotlin": str(kotlin).format(n=math.prod(shape)),
        "kotlin_type": KOTLIN_BYTES.get(tensor["dtype"]),
        "swift": swift,
        "element": element,
    }
