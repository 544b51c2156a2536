"""References: which names each symbol uses, and what the text says about where they are defined."""
