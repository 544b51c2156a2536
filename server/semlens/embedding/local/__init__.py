"""Models that run on this machine under ONNX Runtime."""
