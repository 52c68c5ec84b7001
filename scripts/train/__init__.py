"""How each embedded model was trained: `python -m scripts.train.<name>` makes the files of its card again."""
