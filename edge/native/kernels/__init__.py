"""The arithmetic of the steps, in the small language of `edge.native.language`.

`KERNELS` of a module names the kernels of a step, one for each type of value that it takes; where the parameter `dtype`
decides what comes out, a row bears both names, as in `cast int32`. Of a kernel's parameters, `x` is the value on its
way through the steps, `labels`, `frame`, `picture` and `seconds` are what `chain.py` hands on, and the others are those
of the step in the card, which names an output where a kernel takes a tensor.
"""
