"""Models that Keras itself saved, with its own results: what the importer has to reproduce."""
