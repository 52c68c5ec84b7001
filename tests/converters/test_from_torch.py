"""What PyTorch's files are as ONNX, and that none of them can run code of strangers."""

from __future__ import annotations

import io
import json
import pickle
import zipfile
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import numpy as np
import onnx_ir as ir
import onnxruntime
import pytest

from converters.errors import ConversionError, MalformedModel, Refusal
from converters.from_torch import load

HAS_TORCH = all(find_spec(package) is not None for package in ("torch", "onnxscript"))
needs_torch = pytest.mark.skipif(not HAS_TORCH, reason="the extra torch is not installed")


def network() -> Any:
    """A small network of `[N, 3, 8, 8]` to `[N, 5]`, and an input of two."""
    import torch

    class Network(torch.nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.convolution, self.linear = torch.nn.Conv2d(3, 4, 3), torch.nn.Linear(4, 5)

        def forward(self, x: Any) -> Any:
            return torch.softmax(self.linear(torch.relu(self.convolution(x)).mean((2, 3))), -1)

    torch.manual_seed(0)
    return Network().eval(), torch.randn(2, 3, 8, 8)


def save_exported(module: Any, x: Any, path: Path) -> None:
    """Save as torch.export does, for batches of any size."""
    import torch

    torch.export.save(torch.export.export(module, (x,), dynamic_shapes={"x": {0: torch.export.Dim("N")}}), path)


def save_traced(module: Any, x: Any, path: Path) -> None:
    """Save as TorchScript."""
    import torch

    torch.jit.trace(module, x).save(str(path))


@needs_torch
@pytest.mark.filterwarnings("ignore")  # PyTorch warns of its own parts
@pytest.mark.parametrize("save", [save_exported, save_traced])
def test_networks_compute_what_pytorch_computes(save: Any, tmp_path: Path) -> None:
    """An exported program and a traced module give PyTorch's numbers."""
    module, x = network()
    save(module, x, tmp_path / "model.pt2")
    model = load(tmp_path / "model.pt2")
    assert [value.name for value in model.graph.inputs] == ["x"]
    session = onnxruntime.InferenceSession(ir.to_proto(model).SerializeToString())
    got = session.run(None, {"x": x.numpy()})[0]
    np.testing.assert_allclose(got, module(x).detach().numpy(), rtol=1e-5, atol=1e-6)


@needs_torch
@pytest.mark.filterwarnings("ignore")
def test_pickled_modules_are_refused(tmp_path: Path) -> None:
    """What torch.save wrote is refused, be it a module or its weights."""
    import torch

    module, _ = network()
    for name, value in (("module", module.linear), ("state", module.state_dict())):
        torch.save(value, tmp_path / f"{name}.pt")
        with pytest.raises(Refusal, match=rf"{name}\.pt: .*pickled.*torch\.export\.save"):
            load(tmp_path / f"{name}.pt")


@needs_torch
@pytest.mark.filterwarnings("ignore")
def test_sample_inputs_that_hold_code_are_not_loaded(tmp_path: Path) -> None:
    """PyTorch would unpickle sample inputs that are no plain tensors; here they never run."""
    module, x = network()
    save_exported(module, x, tmp_path / "model.pt2")
    harmful = pickle.dumps(Harmful(tmp_path / "ran"))
    with zipfile.ZipFile(tmp_path / "model.pt2") as old, zipfile.ZipFile(tmp_path / "new.pt2", "w") as new:
        for name in old.namelist():
            new.writestr(name, harmful if "sample_inputs" in name else old.read(name))
    with pytest.raises(Refusal, match=r"new\.pt2: .*sample_inputs.*could run code"):
        load(tmp_path / "new.pt2")
    assert not (tmp_path / "ran").exists()


class Harmful:
    """Makes a file when it is unpickled."""

    def __init__(self, path: Path) -> None:
        """Remember which."""
        self.path = path

    def __reduce__(self) -> Any:
        """Ask the unpickler to make it."""
        return Path.touch, (self.path,)


PROGRAM = {"graph_module": {"graph": {"nodes": [{"target": "torch.ops.aten.relu.default"}]}}}
CONFIG = {"config": {"w": {"path_name": "weight_0", "use_pickle": False}}}
UNSAFE: dict[str, tuple[dict[str, Any], str]] = {
    "a compiled library": ({"data/aotinductor/model/a.so": b""}, r"a\.so.*could run code"),
    "a custom object": ({"data/constants/custom_obj_0": b""}, "custom_obj_0.*could run code"),
    "a pickled weight": (
        {"data/weights/model_weights_config.json": {"config": {"w": {"use_pickle": True}}}}, "a weight is pickled"),
    "a function of the system": (
        {"models/model.json": {"nodes": [{"target": "torch.os.system"}]}}, r"torch\.os\.system.*none of PyTorch's own"),
    "a size that is a program": (
        {"models/model.json": {"dims": [{"expr_str": "__import__('os').getcwd()"}]}}, "which is no arithmetic"),
    "a member that is no JSON": ({"models/model.json": b"{"}, r"models/model\.json.*not JSON"),
}  # fmt: skip


@pytest.mark.parametrize("name", UNSAFE)
def test_programs_that_could_run_code_are_refused(name: str, tmp_path: Path) -> None:
    """Whatever torch.export.load would execute is found before PyTorch sees the file, and named."""
    parts, message = UNSAFE[name]
    members = {"archive_format": b"pt2", "models/model.json": PROGRAM, "data/weights/model_weights_config.json": CONFIG}
    with zipfile.ZipFile(tmp_path / "model.pt2", "w") as archive:
        for member, content in (members | parts).items():
            archive.writestr(f"model/{member}", content if isinstance(content, bytes) else json.dumps(content))
    with pytest.raises(ConversionError, match=rf"model\.pt2: .*{message}"):
        load(tmp_path / "model.pt2")


@pytest.mark.parametrize("data", [b"", b"no archive", pickle.dumps([1])])
def test_bytes_that_are_no_archive_are_refused(data: bytes, tmp_path: Path) -> None:
    """Whatever the bytes are, they are not unpickled, and the message names the file."""
    (tmp_path / "model.pt").write_bytes(data)
    with pytest.raises(MalformedModel, match=r"model\.pt: bytes: it is no archive"):
        load(tmp_path / "model.pt")


@pytest.mark.skipif(HAS_TORCH, reason="the extra torch is installed")
def test_a_missing_extra_is_named(tmp_path: Path) -> None:
    """A person without PyTorch reads what to install."""
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        archive.writestr("m/constants.pkl", b"")
        archive.writestr("m/code/m.py", b"")
    (tmp_path / "model.pt").write_bytes(buffer.getvalue())
    with pytest.raises(ConversionError, match=r"needs torch, .*edgewise\[torch\]"):
        load(tmp_path / "model.pt")
