"""What is particular to TensorFlow Lite: what its kernels compute, how its file is written, its precisions."""
