"""ONNX Runtime sessions as this program wants them. Importing this module imports onnxruntime: do it late."""

from __future__ import annotations

import re
from pathlib import Path

import onnxruntime

from semlens.core.errors import ModelError

_UNKNOWN_OPERATOR = re.compile(r"(\w+)\(-?\d+\) is not a registered function/op|No Op registered for (\w+)")


def open_session(graph: bytes | Path, name: str) -> onnxruntime.InferenceSession:
    """One single-threaded session; callers run it from as many threads as they like.

    Measured on two cores: two threads with one intra-op thread each beat one with two by a third; spinning triples the
    latency of a query on a busy machine; without the arena memory stays where the model is.

    :param graph: the file's bytes, or its path when its weights lie in files beside it.
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
                f" {onnxruntime.__version__} does not know."
            ) from error
        raise ModelError(f"Model {name} is not an ONNX graph that can be run: {first_line(error)}.") from error
    session._model_bytes = None  # noqa: SLF001 - kept to begin anew with another provider; there is none, and it is 22 MB
    return session


def first_line(error: Exception) -> str:
    """The first line of an error's text, without a final full stop."""
    lines = str(error).strip().splitlines()
    return (lines[0] if lines else type(error).__name__).rstrip(".")[:300]
