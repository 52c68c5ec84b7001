"""Keras' layers as ONNX's operators: `table.py` has a row for each kind. Layers that only train do nothing here."""
