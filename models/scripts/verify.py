"""Checks a shipped model: its files against the manifest, its int8 graph against the trained parameters.

    python models/scripts/verify.py [--model models/semlens-static-v1] [--trained FILE.npz] [--test test2000.json]

With ``--trained`` the graph's vectors are compared with those of the fp32 parameters (computed by torch), and, with
``--test``, MRR@10 of both: they may differ by 0.005.
"""

from __future__ import annotations

import argparse
import json
from pathlib import Path

import numpy as np

from semlens.core.symbol import Passage, SymbolKind
from semlens.embedding.local.static_model import StaticEmbedder
from semlens.embedding.local.static_tokenizer import QUERY_FIELD, WordTable
from semlens.embedding.registry import find_model

TOLERANCE = 0.005


def torch_vectors(trained: dict[str, np.ndarray], rows: list[dict[int, list[int]]]) -> np.ndarray:
    """Vectors of rows given as field -> ids, by the module that was trained."""
    import torch

    from static_model import StaticModel

    model = StaticModel(trained["table"], np.ones(len(trained["table"])))
    state = {name: torch.from_numpy(trained[name]) for name in ("table", "word_weights", "field_weights", "matrices")}
    model.load_state_dict({**state, "scale": model.scale.data})
    fields = {
        field: (
            np.array([i for row in rows for i in row[field]], dtype=np.int64),
            np.array([len(row[field]) for row in rows], dtype=np.int64),
        )
        for field in rows[0]
    }
    with torch.no_grad():
        vectors: np.ndarray = model(fields).numpy()
    return vectors


def mrr10(questions: np.ndarray, passages: np.ndarray) -> float:
    scores = questions @ passages.T
    ranks = (scores >= np.diagonal(scores)[:, None]).sum(axis=1)
    return float(np.where(ranks <= 10, 1 / ranks, 0).mean())


def main() -> None:
    here = Path(__file__).resolve().parent
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--model", type=Path, default=here.parent / "semlens-static-v1")
    parser.add_argument("--trained", type=Path)
    parser.add_argument("--test", type=Path)
    arguments = parser.parse_args()
    manifest = find_model(arguments.model)
    manifest.verify()
    print(f"{manifest.name}: {len(manifest.files)} files as the manifest has them, fingerprint {manifest.fingerprint}")
    if not arguments.trained or not arguments.test:
        return
    embedder = StaticEmbedder(manifest, threads=1)
    cases = json.loads(arguments.test.read_text(encoding="utf-8"))
    passages = [Passage(0, 0, 0, SymbolKind.FUNCTION, "", c["qual"], c["sig"], "", c["body"]) for c in cases]
    int8 = embedder.embed(embedder.tokenizer.tokenize(passages))
    int8_questions = np.stack([embedder.embed_query(case["query"]) for case in cases])
    trained = dict(np.load(arguments.trained))
    table = WordTable([str(word) for word in trained["words"]])
    fp32 = torch_vectors(trained, [dict(enumerate(table.passage(passage))) for passage in passages])
    fp32_questions = torch_vectors(trained, [{QUERY_FIELD: table.query(case["query"])} for case in cases])
    cosines = (int8 * fp32).sum(axis=1)
    values = mrr10(int8_questions, int8), mrr10(fp32_questions, fp32)
    print(f"cosine of int8 to fp32: mean {cosines.mean():.5f}, least {cosines.min():.5f}")
    print(f"MRR@10 int8 {values[0]:.4f}, fp32 {values[1]:.4f}")
    if abs(values[0] - values[1]) > TOLERANCE:
        raise SystemExit("The quantised model is too far from the trained one.")


if __name__ == "__main__":
    main()
