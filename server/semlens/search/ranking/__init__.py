"""Signals to a ranked page: weights, scores, order, reasons. Reads no file."""
