"""Models that TF.js itself saved, and graphs that TensorFlow wrote, with their own results."""
