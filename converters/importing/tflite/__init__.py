"""TFLite flatbuffer → ONNX: the file as an edge graph (`reader`), walked operator by operator (`walk`)."""
