"""The steps in Kotlin and Swift, generated.

The arithmetic of each step is written once more, in `kernels/`, in a small part of Python that has the same meaning in
all three languages: typed functions of numbers, arrays and records, with loops and nothing dynamic. It runs as Python,
where the golden vectors hold it to `edge/steps`, and `translate.py` writes it out in the languages of `dialects.py`.
`registry.py` finds the kernels of a step, `chain.py` writes steps as calls of them, `generate.py` the file of a card.
`language.py` lists what kernels may use beside Python's own syntax, `records.py` what they pass on.
"""
