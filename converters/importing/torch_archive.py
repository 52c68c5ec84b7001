"""What lies in a file of PyTorch, and whether loading it could run code of strangers.

`torch.export.load` trusts its file: it unpickles what is marked as pickled, evaluates sizes as Python, looks operators
up in all of Python, and starts compiled libraries. So what is not plain data is refused before PyTorch sees the file.
Source: `torch/export/pt2_archive/_package.py` and `torch/_export/serde/serialize.py` of PyTorch 2.13.
"""

from __future__ import annotations

import io
import json
import re
import zipfile
from collections.abc import Iterator
from typing import Any

from converters.errors import MalformedModel, Refusal
from converters.importing.files import AGAIN, parse_json

SAVE = "save it with torch.export.save, or as TorchScript with torch.jit.trace"
PLAIN = re.compile(
    r"archive_format|archive_version|byteorder|\.data/version|\.data/serialization_id|models/model\.json"
    r"|data/weights/(weight_\d+|model_weights_config\.json)|data/constants/(tensor_\d+|model_constants_config\.json)"
    r"|data/sample_inputs/model\.pt"
)
TARGET = re.compile(
    r"torch\.ops\.(aten|prims)\.\w+\.\w+|torch\.sym_\w+"
    r"|_operator\.(add|sub|mul|truediv|floordiv|mod|pow|neg|eq|ne|lt|le|gt|ge|getitem|and_|or_|not_)"
)
SYMBOL = re.compile(r"Symbol\('\w+'(, \w+=(True|False))*\)")
ARITHMETIC = re.compile(r"([\d\s+\-*/(),]|\b(Add|Mul|Pow|Max|Min|Integer|Rational|FloorDiv|Mod|s\d+|u\d+)\b)*")


def kind_of(data: bytes) -> str:
    """Return `exported` or `script`. Raises `Refusal` for pickled modules, `MalformedModel` for other bytes."""
    try:
        names = zipfile.ZipFile(io.BytesIO(data)).namelist()
    except (zipfile.BadZipFile, ValueError, OSError) as error:
        raise MalformedModel("bytes", f"it is no archive of PyTorch, or cut short ({error})", AGAIN) from error
    inner = {name.partition("/")[2] for name in names}
    if "archive_format" in inner:
        return "exported"
    if "constants.pkl" in inner and any(name.startswith("code/") for name in inner):
        return "script"
    raise Refusal("file", "archive", "it holds pickled Python objects, whose loading can run any code", SAVE)


def ensure_plain(data: bytes) -> bytes:
    """Return the pickled sample inputs, once all else of an exported program is known to be plain data.

    Raises `Refusal` for anything that could run code.
    """
    archive = zipfile.ZipFile(io.BytesIO(data))
    members = {name.partition("/")[2]: name for name in archive.namelist()}
    for name in members:
        if not PLAIN.fullmatch(name):
            raise Refusal("file", f"member {name!r}", "it is no plain data, and could run code", SAVE)
    try:
        for name in members:
            if name.endswith(".json"):
                _ensure_plain_json(name, parse_json(archive.read(members[name]), name))
        return archive.read(members["data/sample_inputs/model.pt"]) if "data/sample_inputs/model.pt" in members else b""
    except (zipfile.BadZipFile, OSError, json.JSONDecodeError) as error:
        raise MalformedModel("archive", f"it cannot be unpacked ({error})", AGAIN) from error


def _ensure_plain_json(name: str, content: Any) -> None:
    for key, value in _entries(content):
        if key == "use_pickle" and value is not False:
            raise Refusal("file", f"member {name!r}", "a weight is pickled, and could run code", SAVE)
        if key == "target" and isinstance(value, str) and not TARGET.fullmatch(value):
            raise Refusal(value, f"member {name!r}", "it is none of PyTorch's own operators", "use PyTorch's operators")
        if key == "expr_str" and not ARITHMETIC.fullmatch(SYMBOL.sub("1", str(value))):
            raise Refusal("file", f"member {name!r}", f"a size is stated as {value!r}, which is no arithmetic", SAVE)


def _entries(content: Any) -> Iterator[tuple[str, Any]]:
    """Yield every entry of every object, however deep."""
    pending = [content]
    while pending:
        value = pending.pop()
        if isinstance(value, dict):
            yield from value.items()
            pending += value.values()
        elif isinstance(value, list):
            pending += value
