"""Measurements against the programs that people use today; each writes JSON and a page."""
