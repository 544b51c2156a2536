"""The teacher's vectors of the pairs' questions: what MiniLM thinks is said in other words.

    python models/scripts/teach.py --data DIR --model models/work/all-minilm-l6-v2 [--limit N] [--reuse DIR]

Reads ``DIR/queries.txt``, writes ``DIR/teacher.npy``: float16 (pairs, 384), zeros beyond ``--limit``, which takes an
even sample.
"""

from __future__ import annotations

import argparse
import time
from pathlib import Path

import numpy as np
import onnxruntime
from tokenizers import Tokenizer

_MAX_TOKENS = 40


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--data", type=Path, required=True)
    parser.add_argument("--model", type=Path, required=True)
    parser.add_argument("--limit", type=int, default=120_000)
    parser.add_argument("--reuse", type=Path, help="another data folder whose vectors are taken for equal questions")
    arguments = parser.parse_args()
    queries = (arguments.data / "queries.txt").read_text(encoding="utf-8").split("\n")
    tokenizer = Tokenizer.from_file(str(arguments.model / "tokenizer.json"))
    tokenizer.enable_truncation(_MAX_TOKENS)
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = 1
    options.add_session_config_entry("session.intra_op.allow_spinning", "0")
    session = onnxruntime.InferenceSession(
        str(arguments.model / "model.onnx"), options, providers=["CPUExecutionProvider"]
    )
    rows = np.random.default_rng(3).permutation(len(queries))[: arguments.limit]
    ids = {int(row): e.ids for row, e in zip(rows, tokenizer.encode_batch([queries[row] for row in rows]), strict=True)}
    order = sorted(ids, key=lambda row: len(ids[row]))
    vectors = np.zeros((len(queries), 384), dtype=np.float16)
    if arguments.reuse:
        known = (arguments.reuse / "queries.txt").read_text(encoding="utf-8").split("\n")
        taught = np.load(arguments.reuse / "teacher.npy")
        at_query = {query: row for row, query in enumerate(known) if taught[row, 0] != 0}
        found = [(row, at_query[query]) for row, query in enumerate(queries) if query in at_query]
        vectors[[row for row, _ in found]] = taught[[old for _, old in found]]
        order = [row for row in order if vectors[row, 0] == 0][: max(0, arguments.limit - len(found))]
        print(f"{len(found)} known, {len(order)} to do", flush=True)
    start = time.monotonic()
    for at in range(0, len(order), 16):
        some = order[at : at + 16]
        width = max(len(ids[row]) for row in some)
        batch = np.zeros((len(some), width), dtype=np.int64)
        mask = np.zeros_like(batch)
        for i, row in enumerate(some):
            batch[i, : len(ids[row])] = ids[row]
            mask[i, : len(ids[row])] = 1
        vectors[some] = session.run(None, {"input_ids": batch, "attention_mask": mask})[0]
        if at % 32_000 == 0:
            print(at, f"{time.monotonic() - start:.0f} s", flush=True)
    np.save(arguments.data / "teacher.npy", vectors)


if __name__ == "__main__":
    main()
