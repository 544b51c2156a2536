"""Code that resembles other code: similar symbols and duplicates."""
