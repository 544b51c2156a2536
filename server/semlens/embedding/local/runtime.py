"""Opens ONNX Runtime sessions. Import this module late, because it imports onnxruntime."""

from __future__ import annotations

import re
from pathlib import Path

import onnxruntime

from semlens.core.errors import ModelError

_UNKNOWN_OPERATOR = re.compile(r"(\w+)\(-?\d+\) is not a registered function/op|No Op registered for (\w+)")


def open_session(graph: bytes | Path, name: str) -> onnxruntime.InferenceSession:
    """Open a session that runs single-threaded. Callers may use it from several threads.

    Measured on two cores: two callers with one intra-op thread each are a third faster than one caller with two.
    Spinning triples the latency of a query on a busy machine. Without the arena, memory stays near the model size.

    :param graph: the content of the file, or its path when its weights are in separate files.
    :raises ModelError: when this ONNX Runtime cannot run the graph.
    """
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = 1
    options.inter_op_num_threads = 1
    options.enable_cpu_mem_arena = False
    options.log_severity_level = 4
    options.add_session_config_entry("session.intra_op.allow_spinning", "0")
    source = graph if isinstance(graph, bytes) else str(graph)
    try:
        session = onnxruntime.InferenceSession(source, options, providers=["CPUExecutionProvider"])
    except Exception as error:  # its exception types share no public base
        unknown = _UNKNOWN_OPERATOR.search(str(error))
        if unknown:
            raise ModelError(
                f"Model {name} uses the operator {unknown[1] or unknown[2]}, which ONNX Runtime"
                f" {onnxruntime.__version__} does not know. Export the model with an older operator set."
            ) from error
        raise ModelError(
            f"Model {name} is not a valid ONNX graph ({first_line(error)}). Install or export it again."
        ) from error
    session._model_bytes = None  # noqa: SLF001 - frees 22 MB; only another provider needs it
    return session


def first_line(error: Exception) -> str:
    """Return the first line of an error message, without the final full stop."""
    lines = str(error).strip().splitlines()
    return (lines[0] if lines else type(error).__name__).rstrip(".")[:300]
