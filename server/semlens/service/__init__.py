"""Code that all front ends share: results as JSON, and positions in the encodings of editors."""
