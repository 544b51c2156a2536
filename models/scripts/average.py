"""Averages the weights of several runs of ``finetune.py``, and of the published model with them.

    python models/scripts/average.py --run DIR --run DIR --weights FILE --tokenizer FILE --pairs FILE --out DIR

Runs that start from one point and differ in order, rate and chance end in one valley: their mean is better than each of
them (Wortsman et al., Model soups, ICML 2022), and some of the published weights bring back what was known before. How
much of those, the packages held out for validation say. Writes what ``finetune.py`` writes.
"""

from __future__ import annotations

import argparse
import json
from pathlib import Path

import torch

from finetune import Chunks, validate, validation_cases
from minilm_torch import MiniLM, load_minilm, mixed, read_weights, write_weights
from prepared import Tokenizing
from text_pairs import read_groups

SHARES = (1.0, 0.9, 0.8, 0.7, 0.6)  # of the mean of the runs; the rest is the published model's


def mean_of(models: list[MiniLM]) -> MiniLM:
    mean = models[0]
    for n, model in enumerate(models[1:], start=2):
        mean = mixed(mean, model, 1 / n)
    return mean


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--run", type=Path, action="append", required=True, help="what finetune.py wrote")
    parser.add_argument("--weights", type=Path, required=True, help="model.safetensors of all-MiniLM-L6-v2")
    parser.add_argument("--tokenizer", type=Path, required=True)
    parser.add_argument("--pairs", type=Path, required=True)
    parser.add_argument("--out", type=Path, required=True)
    parser.add_argument("--max-tokens", type=int, default=160)
    parser.add_argument("--share", type=float, action="append", help="to try of the mean, in place of the usual ones")
    parser.add_argument("--validation", type=int, default=700, help="pairs in each validation pool")
    arguments = parser.parse_args()
    torch.set_num_threads(2)
    tokenizing = Tokenizing(arguments.tokenizer, arguments.max_tokens)
    cases = validation_cases(read_groups(arguments.pairs), arguments.validation)
    chunks = Chunks("cpu", 64, 32, bf16=False)
    original = load_minilm(read_weights(arguments.weights))
    mean = mean_of([load_minilm(read_weights(run / "model.safetensors")) for run in arguments.run])
    found = {}
    for share in arguments.share or SHARES:
        found[share] = validate(mixed(original, mean, share), tokenizing, chunks, cases)
        print(f"share {share}", found[share], flush=True)
    best = max(found, key=lambda share: found[share]["mean"])
    arguments.out.mkdir(parents=True, exist_ok=True)
    write_weights(mixed(original, mean, best), arguments.out / "model.safetensors")
    facts = {
        "share": best,
        "validation": {str(share): values for share, values in found.items()},
        "torch": torch.__version__,
        "runs": [json.loads((run / "training.json").read_text(encoding="utf-8")) for run in arguments.run],
    }
    (arguments.out / "training.json").write_text(json.dumps(facts, indent=1) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
