"""Runs models on this machine with ONNX Runtime."""
