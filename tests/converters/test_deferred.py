from __future__ import annotations

import subprocess
import sys


def python(code: str) -> str:
    return subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout.strip()


def test_a_conversion_does_not_wait_for_sympy():
    """Most of the time of a small conversion would go into importing what it does not use."""
    convert = "from converters.formats import FORMATS; from tests.graphs import convnet; import sys;"
    convert += "FORMATS['tflite'].export(convnet(), precision='fp32'); print('sympy.core' in sys.modules)"
    assert python(convert) == "False"


def test_arithmetic_with_named_sizes_still_works():
    """What was put off is there as soon as it is needed."""
    assert python("import converters, onnx_ir; print(onnx_ir.SymbolicDim('n') + 1)") == "n + 1"
