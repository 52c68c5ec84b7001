"""An ONNX graph under construction, in which every value has a type and, as far as it follows, a shape."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Any

import numpy as np
import onnx
import onnx_ir as ir
from onnx import TensorProto, helper, numpy_helper

from converters.edge_graph import Array
from converters.errors import MalformedModel, Refusal
from converters.graph import ensure_checked
from converters.importing.transposes import cancel_transposes
from converters.validity import one_line

OPSET, IR_VERSION = 17, 8  # IR version 8 came with opset 17
FOLDED = 4096  # entries up to which what follows from constants alone is computed at once
OPSETS = [helper.make_opsetid("", OPSET)]

Operand = ir.Value | None


class Net:
    """Takes nodes one after the other; `where` names the layer or node of the file that is being read."""

    def __init__(self, names: Sequence[str]) -> None:
        """Begin a graph; `names` of inputs and outputs are kept for these."""
        self.graph = ir.Graph([], [], nodes=[], opset_imports={"": OPSET}, name="imported")
        self.where = "the model"
        self._taken = {*names}
        self._constants: dict[object, ir.Value] = {}

    # ---- what comes in and goes out

    def input(self, name: str, dtype: ir.DataType, sizes: Sequence[int | str | None]) -> ir.Value:
        """Add an input of this very name; a size is a number, a name that inputs share, or None."""
        value = ir.Value(name=name, type=ir.TensorType(dtype), shape=ir.Shape(sizes))
        self.graph.inputs.append(value)
        return value

    def finish(self, outputs: Sequence[tuple[str, ir.Value]]) -> ir.Model:
        """Return the model with these outputs, once it stands ONNX's checks.

        Raises `MalformedModel` for what contradicts the standard, such as operands that do not fit together.
        """
        for name, value in outputs:
            self.where = f"output {name!r}"
            named = self._identity(value)
            named.name = name
            self.graph.outputs.append(named)
        model = ir.Model(self.graph, ir_version=IR_VERSION, producer_name="edgewise")
        cancel_transposes(model)
        ensure_checked(model)
        return model

    def _identity(self, value: ir.Value) -> ir.Value:
        """Return a value that may bear an output's name: one that is computed, and no output yet."""
        if value.producer() is not None and not value.is_graph_output():
            return value
        proto = helper.make_node("Identity", [value.name or ""], [self._unique("output")])
        return self._append(proto, [value], self._inferred(proto, [value]))[0]

    # ---- nodes

    def add(self, op: str, inputs: Sequence[Operand], **attributes: Any) -> ir.Value:
        """Add a node with one output."""
        return self.add_all(op, inputs, 1, **attributes)[0]

    def add_all(self, op: str, inputs: Sequence[Operand], count: int, **attributes: Any) -> list[ir.Value]:
        """Add a node with `count` outputs.

        Small constants are computed at once. Raises `MalformedModel` where operands do not fit together.
        """
        name = self._unique(self.where)
        names = ["" if value is None else value.name or "" for value in inputs]
        outputs = [name, *(self._unique(f"{name}:{i}") for i in range(1, count))]
        proto = helper.make_node(op, names, outputs, name=name, **attributes)
        types = self._inferred(proto, inputs)
        if self._is_small(inputs, types):
            return [self.constant(array) for array in self._evaluated(proto, inputs)]
        return self._append(proto, inputs, types)

    def _append(
        self, proto: onnx.NodeProto, inputs: Sequence[Operand], types: Sequence[onnx.TypeProto]
    ) -> list[ir.Value]:
        outputs = [_typed(name, stated) for name, stated in zip(proto.output, types, strict=True)]
        attributes = [ir.from_proto(attribute) for attribute in proto.attribute]
        self.graph.append(ir.Node("", proto.op_type, inputs, attributes, outputs=outputs, name=proto.name))
        return outputs

    def _inferred(self, proto: onnx.NodeProto, inputs: Sequence[Operand]) -> list[onnx.TypeProto]:
        """Return what the standard says of the results, from the operands' types and what small constants hold."""
        present = [value for value in inputs if value is not None]
        types = {value.name or "": ir.serde.serialize_value(value).type for value in present}
        data = {value.name or "": ir.to_proto(tensor) for value in present if (tensor := _small(value)) is not None}
        schema = onnx.defs.get_schema(proto.op_type, OPSET)
        try:
            found = onnx.shape_inference.infer_node_outputs(schema, proto, types, data, opset_imports=OPSETS)
        except (onnx.shape_inference.InferenceError, onnx.checker.ValidationError) as error:
            operands = ", ".join(describe(value) for value in present)
            why = f"its operands {operands} do not fit together ({one_line(error)})"
            raise self.malformed(why) from error
        return [found.get(name, onnx.TypeProto()) for name in proto.output]

    def _is_small(self, inputs: Sequence[Operand], types: Sequence[onnx.TypeProto]) -> bool:
        present = [value for value in inputs if value is not None]
        sizes = [[dim.dim_value for dim in stated.tensor_type.shape.dim] for stated in types]
        known = all(stated.tensor_type.HasField("shape") for stated in types)
        results = sum(int(np.prod(size, dtype=np.float64)) for size in sizes)
        return bool(present) and known and results <= FOLDED and all(_small(value) is not None for value in present)

    def _evaluated(self, proto: onnx.NodeProto, inputs: Sequence[Operand]) -> list[Array]:
        from onnx.reference import ReferenceEvaluator  # takes longer to import than many a model to read

        feeds = {value.name or "": self.array(value) for value in inputs if value is not None}
        infos = [helper.make_tensor_value_info(name, _onnx_type(array), array.shape) for name, array in feeds.items()]
        outputs = [helper.make_empty_tensor_value_info(name) for name in proto.output]
        graph = helper.make_graph([proto], "constants", infos, outputs)
        try:
            results = ReferenceEvaluator(helper.make_model(graph, opset_imports=OPSETS)).run(None, feeds)
        except Exception as error:  # the reference implementation raises whatever it meets
            raise self.malformed(f"it cannot be computed from its constants ({one_line(error)})") from error
        return [np.asarray(result) for result in results]

    def _unique(self, wanted: str) -> str:
        base = name = re.sub(r"\s", "_", wanted)
        number = 1
        while name in self._taken:
            name, number = f"{base}_{number}", number + 1
        self._taken.add(name)
        return name

    # ---- constants

    def constant(self, data: object, dtype: object = None, name: str = "") -> ir.Value:
        """Return a constant; equal small ones are one."""
        array = np.asarray(data, dtype)  # type: ignore[call-overload]
        key = (array.dtype.str, array.shape, array.tobytes()) if array.size <= FOLDED else None
        if key in self._constants:
            return self._constants[key]
        unique = self._unique(name or f"{self.where}/constant")
        tensor = ir.Tensor(np.ascontiguousarray(array).reshape(array.shape), name=unique)
        value = ir.Value(name=unique, type=ir.TensorType(tensor.dtype), shape=tensor.shape, const_value=tensor)
        self.graph.register_initializer(value)
        if key is not None:
            self._constants[key] = value
        return value

    def array(self, value: ir.Value) -> Array:
        """Return a constant's entries. Raises `Refusal` for what is computed when the model runs."""
        if value.const_value is None:
            raise self.refuse("an operand is computed when the model runs", "make it a constant")
        return value.const_value.numpy()

    def integers(self, value: ir.Value) -> list[int]:
        """Return a constant's whole numbers in order."""
        return [int(number) for number in self.array(value).reshape(-1)]

    def known(self, value: ir.Value) -> list[int | None]:
        """Return the entries of a vector as far as they are constant, such as sizes but the batch's."""
        if value.const_value is not None:
            return [*self.integers(value)]
        maker = value.producer()
        if maker is not None and maker.op_type == "Cast" and maker.inputs[0] is not None:
            return self.known(maker.inputs[0])
        if maker is not None and maker.op_type == "Concat":
            return [entry for part in maker.inputs if part is not None for entry in self.known(part)]
        sizes = self.sizes(value)
        return [None] * (sizes[0] or 0) if len(sizes) == 1 else [None]

    # ---- what is known of a value

    def sizes(self, value: ir.Value) -> list[int | None]:
        """Return the size of each axis, None where it varies. Raises `Refusal` where not even their count is known."""
        if value.shape is None:
            raise self.refuse("the rank of an operand is known only at run time", "export it with fixed shapes")
        return [dim if isinstance(dim, int) else None for dim in value.shape]

    def rank(self, value: ir.Value) -> int:
        """Return the number of axes."""
        return len(self.sizes(value))

    def fixed(self, value: ir.Value) -> list[int]:
        """Return the size of each axis. Raises `Refusal` if one varies."""
        sizes = [size for size in self.sizes(value) if size is not None]
        if len(sizes) != self.rank(value):
            raise self.refuse("the size of an operand varies", "export it with fixed shapes")
        return sizes

    def shape(self, value: ir.Value, end: int | None = None) -> ir.Value:
        """Return the sizes of the axes up to `end` as int64: a constant if none varies."""
        sizes = self.sizes(value)[:end]
        if None not in sizes:
            return self.constant(sizes, np.int64)
        return self.add("Shape", [value], **({} if end is None else {"end": end}))

    # ---- moving entries

    def transpose(self, value: ir.Value, order: Sequence[int]) -> ir.Value:
        """Put the axes in another order; constants are transposed at once."""
        if [*order] == [*range(len(order))]:
            return value
        if value.const_value is not None:
            return self.constant(self.array(value).transpose(order), name=f"{value.name}/transposed")
        return self.add("Transpose", [value], perm=[*order])

    def reshape(self, value: ir.Value, sizes: Sequence[int]) -> ir.Value:
        """Give a value other axes; one size may be -1, and 0 means what it says."""
        if value.const_value is not None:
            return self.constant(self.array(value).reshape(sizes), name=f"{value.name}/reshaped")
        return self.add("Reshape", [value, self.constant(sizes, np.int64)], allowzero=int(0 in sizes))

    def cast(self, value: ir.Value, dtype: ir.DataType) -> ir.Value:
        """Convert the type, unless it is that already."""
        return value if value.dtype == dtype else self.add("Cast", [value], to=int(dtype))

    def like(self, number: float, value: ir.Value) -> ir.Value:
        """Return a number in the type of a value."""
        if value.dtype is None:
            raise self.refuse("the type of an operand is known only at run time", "export it again")
        return self.constant(number, value.dtype.numpy())

    # ---- errors

    def refuse(self, why: str, cure: str) -> Refusal:
        """Return the refusal of what is right, but has no counterpart."""
        return Refusal("it", self.where, why, cure)

    def malformed(self, why: str, cure: str = "download or export the model again") -> MalformedModel:
        """Return the error for what cannot be right."""
        return MalformedModel(self.where, why, cure)


def describe(value: ir.Value) -> str:
    """Return a value's type and shape in words, such as `FLOAT[N,64,64,3]`."""
    sizes = "?" if value.shape is None else ",".join(str(dim) if dim is not None else "?" for dim in value.shape)
    return f"{value.dtype.name if value.dtype else 'untyped'}[{sizes}]"


def _small(value: ir.Value) -> ir.TensorProtocol | None:
    """Return the tensor of a small constant."""
    tensor = value.const_value
    return tensor if tensor is not None and tensor.size <= FOLDED else None


def _typed(name: str, stated: onnx.TypeProto) -> ir.Value:
    value = ir.Value(name=name)
    if stated.HasField("tensor_type") and stated.tensor_type.elem_type != TensorProto.UNDEFINED:
        value.type = ir.serde.deserialize_type_proto_for_type(stated)
        value.shape = ir.serde.deserialize_type_proto_for_shape(stated)
    return value


def _onnx_type(array: Array) -> int:
    return int(numpy_helper.from_array(array).data_type)
