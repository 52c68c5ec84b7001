"""Models that are broken on purpose, and the confined process they are converted in."""
