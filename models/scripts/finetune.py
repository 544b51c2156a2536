"""Fine-tunes MiniLM for code search; also makes students of fewer layers.

    python models/scripts/finetune.py --pairs pairs.jsonl --weights model.safetensors --tokenizer FILE --out DIR
        [--steps 600] [--decay 600] [--device cuda --workers 14] [--layers 0,2,4,5] [--wordnet DIR] [--start FILE]

``--pairs`` is what ``prepare_text.py`` wrote. Loss: InfoNCE in both directions over the batch, whose groups hold each
other's hard negatives; what the static model, trained on many more pairs, thinks of all passages of the batch, as soft
targets; and, so that it keeps what it knew, the original's similarities between the batch's questions, as soft targets
too. The word vectors and the lowest layers stay as they are. Then the weights are averaged with the original's, in the
share that is best on packages held out for validation: the mean of MRR@10 over first sentences of documentation and
over questions that share few words with their passage. Writes ``DIR/step-N.safetensors`` on the way, and at the end
``DIR/model.safetensors`` and ``DIR/training.json``.
"""

from __future__ import annotations

import argparse
import json
import time
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import Tensor
from torch.nn import functional

from minilm_torch import MiniLM, Tokens, load_minilm, mixed, read_weights, write_weights
from prepared import BatchSource, Prepared, Tokenizing
from text_pairs import FAR, Group, passage_text, read_groups, shared_share

SCALE = 20.0  # inverse temperature of the loss, as the original was trained with
KEEP_SCALE = 15.0  # of the similarities between questions that are kept
TEACH_SCALE = 10.0  # of the static model's similarities
REPORT = 10  # steps from one line of progress to the next
LEAST = 100  # pairs of a pool that validation looks at
SHARES = (1.0, 0.75, 0.5)  # of the tuned weights, tried on the validation packages


def mrr10(questions: Tensor, passages: Tensor) -> float:
    """Mean reciprocal rank within ten; the answer of row i is passage i, ties count against it."""
    scores = (questions.float() @ passages.float().T).cpu().numpy()
    ranks = (scores >= np.diagonal(scores)[:, None]).sum(axis=1)
    return float(np.where(ranks <= 10, 1 / ranks, 0).mean())


def validation_cases(groups: list[Group], n: int) -> dict[str, list[dict[str, Any]]]:
    """Pools of validation pairs: first sentences, other pairs that share few words, and questions in other words."""
    rng = np.random.default_rng(5)
    pairs = [pair for group in groups if group.validation for pair in group.pairs]
    order = [pairs[at] for at in rng.permutation(len(pairs))]
    far = [pair for pair in order if pair["t"] not in {"name", "question"} and shared_share(pair) <= FAR]
    asked = [{**pair, "q": rng.choice(pair["qs"])} for pair in order if pair["t"] == "question"]
    cases = {
        "sentences": [pair for pair in order if pair["t"] == "doc"][:n],
        "other words": far[:n],
        "asked": asked[:n],
    }
    return {name: some for name, some in cases.items() if len(some) >= LEAST}


def with_fewer_old(groups: list[Group], share: float, rng: np.random.Generator) -> list[Group]:
    """The groups to train on; of the pairs that are no written questions only so many."""
    fewer = [
        replace(group, pairs=[pair for pair in group.pairs if pair["t"] == "question" or rng.random() < share])
        for group in groups
        if not group.validation
    ]
    return [group for group in fewer if group.pairs]


@dataclass(frozen=True)
class Chunks:
    """How many rows run through the model at once, and where."""

    device: str
    questions: int
    passages: int
    bf16: bool = True

    def encode(self, model: MiniLM, tokens: Tokens, rows: int) -> Tensor:
        with torch.autocast(self.device, dtype=torch.bfloat16, enabled=self.bf16):
            return model.encode(tokens, chunk=rows).float()


@torch.no_grad()
def validate(
    model: MiniLM, tokenizing: Tokenizing, chunks: Chunks, cases: dict[str, list[dict[str, Any]]]
) -> dict[str, float]:
    found = {}
    for name, pairs in cases.items():
        questions = chunks.encode(model, tokenizing.questions([pair["q"] for pair in pairs]), chunks.questions)
        passages = chunks.encode(model, tokenizing.passages([passage_text(pair) for pair in pairs]), chunks.passages)
        found[name] = round(mrr10(questions, passages), 4)
    found["mean"] = round(float(np.mean(list(found.values()))), 4)
    return found


def divergence(scores: Tensor, target: Tensor) -> Tensor:
    """Kullback-Leibler divergence of the rows' softmax from the target's, mean over the rows."""
    soft = functional.softmax(target, dim=1)
    return functional.kl_div(functional.log_softmax(scores, dim=1), soft, reduction="batchmean")


@dataclass(frozen=True)
class Teachers:
    """What keeps the model from learning the pairs alone, and how much each counts.

    :ivar original: asked about each batch's questions; stays as it is.
    :ivar keeping: weight of the original's similarities between questions.
    :ivar teaching: weight of the static model's similarities of questions to passages.
    """

    original: MiniLM
    keeping: float
    teaching: float


def loss_of(model: MiniLM, teachers: Teachers, chunks: Chunks, batch: Prepared) -> Tensor:
    """InfoNCE in both directions, and how far the batch's similarities are from what the teachers find."""
    questions = chunks.encode(model, batch.questions, chunks.questions)
    passages = chunks.encode(model, batch.passages, chunks.passages)
    own = torch.eye(len(passages), dtype=torch.bool, device=passages.device)
    asked = batch.asked.to(passages.device)
    same = (asked[:, None] == asked[None, :]) & ~own
    label = torch.arange(len(passages), device=passages.device)
    views = questions.split(len(passages))
    loss = torch.zeros((), device=passages.device)
    for view in views:
        cosines = view @ passages.T
        scores = (cosines * SCALE).masked_fill(same, -1e4)
        loss += (functional.cross_entropy(scores, label) + functional.cross_entropy(scores.T, label)) / 2 / len(views)
    if teachers.teaching:
        cosines = views[0] @ passages.T
        loss += teachers.teaching * divergence(cosines * TEACH_SCALE, batch.static.to(cosines.device) * TEACH_SCALE)
    if teachers.keeping:
        with torch.no_grad():
            before = chunks.encode(teachers.original, batch.questions, chunks.questions)
        own = torch.eye(len(questions), dtype=torch.bool, device=passages.device)
        known = (before @ before.T * KEEP_SCALE).masked_fill(own, -1e4)
        now = (questions @ questions.T * KEEP_SCALE).masked_fill(own, -1e4)
        loss += teachers.keeping * divergence(now, known)
    return loss


def train(arguments: argparse.Namespace) -> None:
    torch.manual_seed(arguments.seed)
    torch.set_num_threads(arguments.threads)
    layers = [int(layer) for layer in arguments.layers.split(",")] if arguments.layers else None
    weights = read_weights(arguments.weights)
    chunks = Chunks(arguments.device, *((1024, 512) if arguments.device == "cuda" else (64, 32)), bf16=arguments.bf16)
    original = load_minilm(weights, layers).to(arguments.device)
    start = read_weights(arguments.start) if arguments.start else weights
    model = load_minilm(start, layers).to(arguments.device)
    for part in (model.embeddings, *model.encoder["layer"][: arguments.frozen]):
        part.requires_grad_(requires_grad=False)
    teachers = Teachers(load_minilm(weights).to(arguments.device), arguments.keeping, arguments.teaching)
    tokenizing = Tokenizing(arguments.tokenizer, arguments.max_tokens)
    groups = read_groups(arguments.pairs)
    cases = validation_cases(groups, arguments.validation)
    print("before", validate(model, tokenizing, chunks, cases), flush=True)
    trained_on = with_fewer_old(groups, arguments.old, np.random.default_rng(arguments.seed))
    source = BatchSource(
        trained_on,
        tokenizing,
        arguments.wordnet,
        arguments.batch,
        arguments.seed,
        teaching=arguments.teaching > 0,
        together=arguments.together,
        views=arguments.views,
    )
    stream = source.stream(arguments.workers)
    optimizer = torch.optim.AdamW(
        [values for values in model.parameters() if values.requires_grad], lr=arguments.rate, weight_decay=0.01
    )
    arguments.out.mkdir(parents=True, exist_ok=True)
    started = time.monotonic()
    history: list[dict[str, Any]] = []
    losses: list[Tensor] = []
    for step in range(arguments.steps):
        left = 1 - max(step / arguments.steps, (time.monotonic() - started) / (60 * arguments.minutes))
        if left <= 0:
            break
        rate = min((step + 1) / arguments.warmup, 1.0, left * arguments.steps / arguments.decay)
        for group in optimizer.param_groups:
            group["lr"] = arguments.rate * rate
        loss = loss_of(model, teachers, chunks, next(stream))
        optimizer.zero_grad()
        loss.backward()
        torch.nn.utils.clip_grad_norm_(model.parameters(), 1.0)
        optimizer.step()
        losses.append(loss.detach())
        if (step + 1) % REPORT == 0:
            recent = torch.stack(losses[-REPORT:]).mean().item()
            history.append({"step": step + 1, "loss": round(recent, 4)})
            speed = (step + 1) * arguments.batch / (time.monotonic() - started)
            print(f"step {step + 1} loss {recent:.3f}, {speed:.1f} pairs/s", flush=True)
        if (step + 1) % arguments.every == 0:
            print(validate(model, tokenizing, chunks, cases), flush=True)
            write_weights(model, arguments.out / f"step-{step + 1}.safetensors")
    found = {}
    best: tuple[float, MiniLM, float] = (-1.0, model, 1.0)
    for share in arguments.share or (SHARES if layers is None else (1.0,)):
        candidate = mixed(original, model, share).to(arguments.device)
        found[share] = validate(candidate, tokenizing, chunks, cases)
        print(f"share {share}", found[share], flush=True)
        best = max(best, (found[share]["mean"], candidate, share), key=lambda entry: entry[0])
    write_weights(best[1], arguments.out / "model.safetensors")
    facts = {
        "share": best[2],
        "validation": {str(share): values for share, values in found.items()},
        "torch": torch.__version__,
        "steps": step + 1,
        "seconds": round(time.monotonic() - started),
        "loss": history,
        "arguments": {name: str(value) for name, value in vars(arguments).items()},
    }
    (arguments.out / "training.json").write_text(json.dumps(facts, indent=1) + "\n", encoding="utf-8")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--pairs", type=Path, required=True)
    parser.add_argument("--weights", type=Path, required=True, help="model.safetensors of all-MiniLM-L6-v2")
    parser.add_argument("--tokenizer", type=Path, required=True)
    parser.add_argument("--out", type=Path, required=True)
    parser.add_argument("--start", type=Path, help="weights to go on from, or the teacher of a student")
    parser.add_argument("--layers", default="", help="layers of the start to keep, as 0,2,4,5")
    parser.add_argument("--wordnet", type=Path, help="more synonyms than our own")
    parser.add_argument("--steps", type=int, default=600)
    parser.add_argument("--minutes", type=float, default=600, help="of training, however many steps that are")
    parser.add_argument(
        "--bf16", action=argparse.BooleanOptionalAction, default=True, help="slower without AMX or a GPU"
    )
    parser.add_argument("--warmup", type=int, default=20)
    parser.add_argument("--decay", type=int, default=600, help="last steps, over which the rate falls to nothing")
    parser.add_argument("--every", type=int, default=100, help="steps between checkpoints")
    parser.add_argument("--batch", type=int, default=128)
    parser.add_argument("--together", type=int, default=2, help="groups of one package that stand together in a batch")
    parser.add_argument("--views", type=int, default=1, help="questions of each pair in a batch")
    parser.add_argument("--old", type=float, default=1.0, help="share to keep of pairs that are no written questions")
    parser.add_argument("--max-tokens", type=int, default=128, help="of a passage, in training and validation")
    parser.add_argument("--rate", type=float, default=1e-4)
    parser.add_argument("--keeping", type=float, default=0.3)
    parser.add_argument("--teaching", type=float, default=0.5)
    parser.add_argument("--share", type=float, action="append", help="to try of the tuned weights; not the usual ones")
    parser.add_argument("--frozen", type=int, default=2, help="lowest layers that are not trained")
    parser.add_argument("--validation", type=int, default=700, help="pairs in each validation pool")
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--device", choices=("cpu", "cuda"), default="cpu")
    parser.add_argument("--workers", type=int, default=0, help="processes that prepare batches")
    parser.add_argument("--seed", type=int, default=1)
    train(parser.parse_args())


if __name__ == "__main__":
    main()
