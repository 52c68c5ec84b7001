"""What the importers share: formats of other projects in, one ONNX graph out.

Read in this order: `net.py` (an ONNX graph under construction), `images.py` (operators on images whose channels come
last, as ONNX's), `transposes.py` (fewer transposes around them), `files.py` (files of strangers); then
`tfjs/` (TensorFlow's graphs as TF.js stores them) and `keras/` (Keras layers, from a `.h5`, a `.keras` or TF.js).
"""
