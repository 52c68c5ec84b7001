"""Products of matrices."""

from __future__ import annotations

import onnx_ir as ir

from converters.importing.tflite.node import Node, imports
from converters.importing.tflite.operators.images import bias


@imports("FULLY_CONNECTED")
def fully_connected(node: Node) -> ir.Value:
    """Multiply rows of the input with a filter `[outputs, inputs]`, and add a bias or none.

    The filter is stored transposed, as most ONNX files have it: onnxruntime's quantiser fails on others.
    """
    if node.attribute("weights_format"):
        raise node.refuse("its filter is shuffled for one processor", "export the model without that")
    b, rank, (outputs, inner) = node.builder, len(node.shape(0)), node.sizes(1)
    flat = node.x if rank == 2 else b.op("Reshape", node.x, b.constant([-1, inner]))
    operands = [flat, node.operand(1).arranged([1, 0])] + ([bias(node, 2)] if node.has(2) else [])
    y = b.op("Gemm", *operands)
    if rank == 2 or not node.attribute("keep_num_dims"):
        return y
    outer = b.op("Shape", node.x, end=rank - 1)
    return b.op("Reshape", y, b.op("Concat", outer, b.constant([outputs]), axis=0))


@imports("BATCH_MATMUL")
def matmul(node: Node) -> ir.Value:
    """Return the product of stacks of matrices, either transposed before if it says so."""
    operands = []
    for i, name in enumerate(("adj_x", "adj_y")):
        order = [*range(len(node.shape(i)))]
        order[-2:] = order[-2:][::-1]
        operands.append(node.operand(i).arranged(order) if node.attribute(name) else node[i])
    return node.builder.op("MatMul", *operands)
