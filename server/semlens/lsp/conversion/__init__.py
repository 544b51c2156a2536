"""Converts parameters of the protocol from JSON to checked values, and symbols to LSP's types."""
