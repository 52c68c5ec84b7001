"""Quantisation: named recipes that make an ONNX graph smaller, and the calibration they need."""
