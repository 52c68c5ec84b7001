"""Model cards: what a contributor writes, read strictly and held against the files it names."""
