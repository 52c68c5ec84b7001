"""The command line, the order of a build, and what trains the embedded models."""
