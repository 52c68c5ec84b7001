"""Converters: the ONNX graph in, one format's files out, and back. They know nothing of cards, devices or pages."""

from converters import deferred

deferred.defer("sympy")
deferred.defer("onnx_ir._symbolic_shapes")
