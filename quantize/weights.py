"""Recipes that leave activations in floating point: float16, 8 bits, and 4 bits by block."""

from __future__ import annotations

import warnings
from collections.abc import Sequence

import numpy as np
import onnx
import onnx_ir as ir

from quantize import rounding
from quantize.prepared import Feeds, load, prepared

LEAST = 256  # weights from which 8 bits with their scales are fewer bytes
BLOCK = 32  # weights of 4 bits that share a scale


def fp16(model: ir.Model, _: Sequence[Feeds]) -> ir.Model:
    """Hold weights and activations in float16; inputs and outputs stay float32."""
    from onnxconverter_common import float16

    proto = ir.to_proto(model)
    for node in proto.graph.node:
        node.name = next(filter(None, node.output))  # casts are named after nodes, whose own names may be empty
    # Resize is given as nothing an empty constant: typed, it would get a cast, and behind that count as given.
    _forget_types(proto.graph, {tensor.name for tensor in proto.graph.initializer if 0 in tensor.dims})
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # weights that float16 rounds to its smallest value: parity measures them
        half: onnx.ModelProto = float16.convert_float_to_float16(proto, keep_io_types=True)
    nodes: dict[str, onnx.NodeProto] = {}
    for node in half.graph.node:
        nodes.setdefault(node.output[0], node)  # an input's cast comes once for each node that reads the input
    del half.graph.node[:]
    half.graph.node.extend(nodes.values())
    return ir.from_proto(half)


def _forget_types(graph: onnx.GraphProto, names: set[str]) -> None:
    kept = [value for value in graph.value_info if value.name not in names]
    del graph.value_info[:]
    graph.value_info.extend(kept)


def int8_dynamic(model: ir.Model, _: Sequence[Feeds]) -> ir.Model:
    """Hold weights in int8, one scale a channel; activations get their scale while the model runs."""
    from onnxruntime.quantization import QuantType, quantize_dynamic

    with prepared(model) as (source, path, target):
        rounding.round_weights(source.graph)
        proto = ir.to_proto(source)
        # The quantiser turns weights of Gemm over under the same name, which then contradicts the shape noted for it.
        _forget_types(proto.graph, {tensor.name for tensor in proto.graph.initializer})
        onnx.save(proto, path)
        quantize_dynamic(path, target, per_channel=True, weight_type=QuantType.QInt8)
        return load(target)


def w8(model: ir.Model, _: Sequence[Feeds]) -> ir.Model:
    """Store weights in int8, one scale an output channel, each followed by DequantizeLinear; compute in float32."""
    with prepared(model) as (source, _path, _target):
        store_in_int8(source)
        return source


def store_in_int8(model: ir.Model) -> None:
    """Do so in place with every constant weight of at least `LEAST` entries of a convolution or product."""
    restored: dict[str | None, ir.Value] = {}
    for node in list(model.graph):
        weight = node.inputs[1] if len(node.inputs) > 1 else None
        axis = rounding.output_axis(node)
        if weight is None or weight.const_value is None or axis is None or weight.const_value.size < LEAST:
            continue
        if weight.name not in restored:
            restored[weight.name] = _restored(model.graph, node, weight, axis)
        node.replace_input_with(1, restored[weight.name])
    for value in [value for value in model.graph.initializers.values() if not value.uses()]:
        del model.graph.initializers[value.name or ""]


def _restored(graph: ir.Graph, reader: ir.Node, weight: ir.Value, axis: int) -> ir.Value:
    """Return the result of a DequantizeLinear, placed before `reader`, of the weight in int8."""
    exact = weight.const_value.numpy() if weight.const_value is not None else np.empty(0)
    scales = rounding.scales(exact, axis)
    by_channel = [-1 if place == axis else 1 for place in range(exact.ndim)]
    integers = np.rint(rounding.on_grid(exact, axis) / scales.reshape(by_channel)).astype(np.int8)
    constants = [
        ir.Value(name=f"{weight.name}_{suffix}", const_value=ir.tensor(array, name=f"{weight.name}_{suffix}"))
        for suffix, array in (("int8", integers), ("scale", scales), ("zero", np.zeros(len(scales), np.int8)))
    ]
    for value in constants:
        graph.register_initializer(value)
    node = ir.node("DequantizeLinear", constants, {"axis": axis}, name=f"{weight.name}_restored")
    graph.insert_before(reader, node)
    node.outputs[0].name = f"{weight.name}_restored"
    node.outputs[0].shape, node.outputs[0].type = weight.shape, weight.type
    return node.outputs[0]


def w4(model: ir.Model, _: Sequence[Feeds]) -> ir.Model:
    """Store the weights of products in 4 bits, a scale for each `BLOCK` of them, other weights in int8.

    The products become MatMulNBits, an operator of onnxruntime alone. Raises ValueError where there is no product.
    """
    from onnxruntime.quantization.matmul_nbits_quantizer import MatMulNBitsQuantizer

    with prepared(model) as (source, _path, _target):
        _split_gemms(source.graph)
        products = [node for node in source.graph if node.op_type == "MatMul" and _is_matrix(node.inputs[1])]
        if not products:
            raise ValueError(
                "recipe w4_block32: expected a MatMul or Gemm with constant weights, got none in this graph: "
                "convolutions have no form in 4 bits, choose w8_per_channel"
            )
        quantizer = MatMulNBitsQuantizer(ir.to_proto(source), bits=4, block_size=BLOCK, is_symmetric=True)
        quantizer.process()
        smaller: ir.Model = ir.from_proto(quantizer.model.model)
        store_in_int8(smaller)
        return smaller


def _is_matrix(value: ir.Value | None) -> bool:
    return value is not None and value.const_value is not None and len(value.const_value.shape) == 2


def _split_gemms(graph: ir.Graph) -> None:
    """Write every Gemm `x @ w + b` with constant weights as MatMul and Add."""
    for node in [node for node in graph if node.op_type == "Gemm" and _is_matrix(node.inputs[1])]:
        factors = [node.attributes.get_float(name, 1.0) for name in ("alpha", "beta")]
        weight = node.inputs[1]
        if (
            factors != [1, 1]
            or node.attributes.get_int("transA", 0) == 1
            or weight is None
            or weight.const_value is None
        ):
            continue
        array = weight.const_value.numpy()
        array = array.T if node.attributes.get_int("transB", 0) else array
        matrix = ir.Value(name=f"{node.name}_matrix", const_value=ir.tensor(np.ascontiguousarray(array)))
        graph.register_initializer(matrix)
        parts = [ir.node("MatMul", [node.inputs[0], matrix], name=f"{node.name}_product")]
        parts[0].outputs[0].name = f"{node.name}_product"
        if len(node.inputs) > 2 and node.inputs[2] is not None:
            parts.append(ir.node("Add", [parts[0].outputs[0], node.inputs[2]], name=f"{node.name}_sum"))
        ir.convenience.replace_nodes_and_values(graph, node, [node], parts, list(node.outputs), list(parts[-1].outputs))
