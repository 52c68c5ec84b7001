"""The golden cases of the steps, a file for each kind of value as in `catalog/vocab/steps/`."""
