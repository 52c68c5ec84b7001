"""The TF.js side of the compiler: edge graph in, graph model (`model.json` and one shard of weights) out.

Read in this order: `target.py` (what the runtime computes), `rewriting.py` (edge graph → edge graph that TF.js runs
fast), `operators/table.py` (kind → operator), `nodes.py` and `weights.py` (how both are written), `writer.py`.
"""
