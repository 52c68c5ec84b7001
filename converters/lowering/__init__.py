"""Lowering: an ONNX graph in, an edge graph out, with constants folded and the memory layout resolved.

Read in this order: `value.py` (how a layout is described), `layout.py` and `alignment.py` (how it is brought about),
`builder.py` (how operators are emitted), `shapes.py`, `reshaping.py` and `arithmetic.py` (numpy-like functions on
values), `node.py` (what a lowering gets), `images.py` and `boundary.py` (inputs and outputs), `interpreter.py` (the
walk), then any file of `operators/`.
"""
