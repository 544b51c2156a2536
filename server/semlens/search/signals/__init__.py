"""Features of files and symbols: words, names, paths, cosines, roles. Weights belong to `search/ranking`."""
