"""Text to vectors: model manifests, the Embedder protocol and its implementations. Knows no index and no query."""
