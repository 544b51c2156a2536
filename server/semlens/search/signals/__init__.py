"""What speaks for a file or a symbol: words, names, places, meaning, roles. Weighs nothing."""
