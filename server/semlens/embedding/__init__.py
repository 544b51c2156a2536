"""Turns text into vectors: model manifests, the Embedder protocol and its implementations.

This package does not know the index or the query language.
"""
