"""What every front end shares: results as JSON, and positions in the encodings of editors."""
