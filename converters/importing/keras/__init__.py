"""Keras models: a configuration of layers, whichever file it comes from, and its weights.

`model.py` follows how layers are connected, `layers/table.py` has a row for each kind, `weights.py` finds arrays.
"""
