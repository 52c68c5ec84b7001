"""Lowering: an ONNX graph in, an edge graph out, with constants folded and the memory layout resolved.

Read in this order: `value.py` (how a layout is described), `layout.py` and `alignment.py` (how it is brought about),
`builder.py` (how operators are emitted), `shapes.py`, `padding.py`, `reshaping.py` and `arithmetic.py` (numpy-like
functions on values), `node.py` (what a lowering gets), `images.py` and `boundary.py` (inputs and outputs),
`interpreter.py` (the walk), then any file of `operators/`. What a node must be is asked before it is lowered:
`inference.py`, `conditions.py`, `contradictions.py`. Arrays whose size a model states are made by `tables.py` alone.
"""
