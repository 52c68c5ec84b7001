"""A graph as onnxruntime's quantiser asks for it, and what is measured inside it on calibration samples."""

from __future__ import annotations

import tempfile
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import onnx
import onnx_ir as ir

Array = npt.NDArray[Any]
Feeds = Mapping[str, Array]  # input tensors by name, for one inference


@contextmanager
def prepared(model: ir.Model) -> Iterator[tuple[ir.Model, Path, Path]]:
    """Give the model with shapes inferred, nodes fused and named after their results, and two files to use."""
    from onnxruntime.quantization.shape_inference import quant_pre_process

    with tempfile.TemporaryDirectory() as folder:
        source, target = Path(folder, "source.onnx"), Path(folder, "target.onnx")
        ir.save(model, source)
        quant_pre_process(source, target, skip_symbolic_shape=True)
        found = load(target)
        name_after_results(found.graph)
        yield found, source, target


def name_after_results(graph: ir.Graph) -> None:
    """Give each node the name of its first result: there is one always, and it is its own."""
    for node in graph:
        node.name = next(value.name for value in node.outputs if value.name)


def load(path: Path) -> ir.Model:
    """Load a file into memory as a whole: it may go."""
    return ir.from_proto(onnx.load(path))


def values(model: ir.Model, names: Sequence[str], samples: Iterable[Feeds]) -> Iterator[dict[str, Array]]:
    """Run the model on each sample and yield the tensors called `names`, wherever in the graph they are."""
    import onnxruntime

    proto = ir.to_proto(model)
    del proto.graph.output[:]
    proto.graph.output.extend(onnx.ValueInfoProto(name=name) for name in names)
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = 1  # sums in one order: results repeat
    # What the graph says, for any runtime: onnxruntime's optimiser would quantise float weights beside QDQ pairs.
    options.graph_optimization_level = onnxruntime.GraphOptimizationLevel.ORT_DISABLE_ALL
    options.log_severity_level = 3  # outputs without a type are what was asked for
    session = onnxruntime.InferenceSession(proto.SerializeToString(), options, providers=["CPUExecutionProvider"])
    for feeds in samples:
        given = {name: np.ascontiguousarray(value) for name, value in feeds.items()}
        yield dict(zip(names, session.run(list(names), given), strict=True))
