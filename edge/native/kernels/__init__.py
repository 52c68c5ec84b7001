"""The arithmetic of the steps, in the small language of `edge.native.language`.

A step may have a kernel for each type of value that it takes; `KERNELS` of each module names them by the step.
"""
