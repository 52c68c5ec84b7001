"""Running steps in both languages, for tests."""
