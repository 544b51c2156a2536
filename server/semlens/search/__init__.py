"""Question to ranked hits: free functions over one snapshot. Reads no file, embeds no text, changes nothing."""
