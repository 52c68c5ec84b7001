"""What happens around a model: steps, runtimes, verification, evaluation, bundles."""
