"""ONNX's own operator tests, run against every converter in the runtime that it is for."""
