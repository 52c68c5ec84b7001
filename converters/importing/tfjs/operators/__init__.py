"""TensorFlow's operators as ONNX's: `table.py` has a row for each, the other files what takes more than a row."""
