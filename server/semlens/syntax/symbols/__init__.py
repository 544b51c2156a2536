"""Query matches to symbols: names, kinds, signatures, documentation, references."""
