"""Converters: the ONNX graph in, one format's files out. They know nothing of cards, devices or pages."""
