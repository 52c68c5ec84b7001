"""How each kind of edge operator is written in TF.js operators: `table.py` has one row a kind."""
