"""Reads what TF.js stores: weights in shards, and TensorFlow's graphs as JSON."""
