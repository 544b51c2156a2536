"""Trains the static model.

    python models/scripts/train_static.py --data DIR --minilm models/work/all-minilm-l6-v2 --out FILE.npz [--steps 4000]

Word vectors start as MiniLM's of the words (principal components), so that English is known before code is seen. Loss:
InfoNCE in both directions over the batch, and, with ``--teacher teacher.npy`` (``teach.py``), the teacher's
similarities between the questions as soft targets. Reports MRR@10 on held-out packages of the training data as it
goes.
"""

from __future__ import annotations

import argparse
import re
import time
from pathlib import Path

import numpy as np
import torch
from torch.nn import functional

from batches import Drops, Pairs, epochs
from static_model import StaticModel

DIMENSION = 256
QUESTION = 4  # the kind of questions in other words
TAUGHT = 1024  # questions a step that the teacher is asked about
TEACHER_SCALE = 15.0  # inverse temperature: neighbours within about 0.2 of cosine count
_KIND_WEIGHT = (1.0, 0.6, 0.5, 0.5, 1.0)  # chance of a pair to be in an epoch: doc, more, comment, name, question


def starting_vectors(minilm: Path, words: list[str]) -> np.ndarray:
    """MiniLM's vectors of the words, reduced to 256 dimensions, length 1 on average."""
    import onnxruntime
    from tokenizers import Tokenizer

    tokenizer = Tokenizer.from_file(str(minilm / "tokenizer.json"))
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = 2
    session = onnxruntime.InferenceSession(str(minilm / "model.onnx"), options, providers=["CPUExecutionProvider"])
    encodings = [encoding.ids for encoding in tokenizer.encode_batch([word or "." for word in words])]
    vectors = np.zeros((len(words), 384), dtype=np.float32)
    by_length: dict[int, list[int]] = {}
    for row, ids in enumerate(encodings):
        by_length.setdefault(len(ids), []).append(row)
    for rows in by_length.values():
        for at in range(0, len(rows), 128):
            some = rows[at : at + 128]
            ids = np.array([encodings[row] for row in some], dtype=np.int64)
            vectors[some] = session.run(None, {"input_ids": ids, "attention_mask": np.ones_like(ids)})[0]
    vectors -= vectors.mean(axis=0)
    _, _, components = np.linalg.svd(vectors[::4], full_matrices=False)
    reduced = vectors @ components[:DIMENSION].T
    reduced /= np.linalg.norm(reduced, axis=1).mean()
    reduced[0] = 0
    return reduced


def starting_weights(frequencies: np.ndarray) -> np.ndarray:
    """Smooth inverse frequency, a / (a + p)."""
    share = frequencies / frequencies.sum()
    return 1e-3 / (1e-3 + share)


def mrr10(questions: np.ndarray, passages: np.ndarray) -> float:
    """Mean reciprocal rank within ten; the answer of row i is passage i, ties count against it."""
    scores = questions @ passages.T
    own = np.diagonal(scores)[:, None]
    ranks = (scores >= own).sum(axis=1)
    return float(np.where(ranks <= 10, 1 / ranks, 0).mean())


@torch.no_grad()
def validate(model: StaticModel, pairs: Pairs, rows: np.ndarray) -> float:
    rng = np.random.default_rng(0)
    halves: tuple[list[np.ndarray], list[np.ndarray]] = ([], [])
    for at in range(0, len(rows), 500):
        question, passage = pairs.batch(rows[at : at + 500], None, rng)
        halves[0].append(model(question).numpy())
        halves[1].append(model(passage).numpy())
    return mrr10(np.concatenate(halves[0]), np.concatenate(halves[1]))


def split(pairs: Pairs, rng: np.random.Generator) -> tuple[np.ndarray, dict[str, np.ndarray]]:
    """Training rows, and validation rows by language and for questions in other words.

    Where the data marks no packages as held, a twentieth of them is.
    """
    n_packages = int(pairs.package.max()) + 1
    held = pairs.held if pairs.held.any() else np.isin(pairs.package, rng.permutation(n_packages)[: n_packages // 20])
    groups = np.where(pairs.kind == QUESTION, "questions", np.where(pairs.kind == 0, pairs.language, ""))
    validation = {}
    for group in np.unique(groups[groups != ""]):
        rows = rng.permutation(np.flatnonzero(held & (groups == group)))
        rows = rows[np.sort(np.unique(pairs.passage[rows], return_index=True)[1])]  # one question a passage
        if len(rows) >= 60:
            validation[str(group)] = rows[:1000]
    return np.flatnonzero(~held), validation


def teaching_loss(
    model: StaticModel, pairs: Pairs, teacher: np.ndarray, rows: np.ndarray, *, drops: Drops, rng: np.random.Generator
) -> torch.Tensor:
    """How far the questions' similarities, to each other and to the others' passages, are from the teacher's.

    The teacher sees each question as it was written; the model sees it with words dropped and replaced. A question's
    own place is left out: that is what the main loss is about.
    """
    rows = np.sort(rows)  # memory-mapped rows are read in order
    vectors = torch.from_numpy(np.asarray(teacher[rows], dtype=np.float32))
    own = torch.eye(len(rows), dtype=torch.bool)
    soft = functional.softmax((vectors @ vectors.T * TEACHER_SCALE).masked_fill(own, -1e4), dim=1)
    question, _ = pairs.batch(rows, drops, rng, passages=False)
    q = model(question)
    loss = functional.cross_entropy((q @ q.T * TEACHER_SCALE).masked_fill(own, -1e4), soft)
    n = len(rows) // 4
    _, passage = pairs.batch(rows[:n], drops, rng)
    d = model(passage)
    few = functional.softmax((vectors[:n] @ vectors[:n].T * TEACHER_SCALE).masked_fill(own[:n, :n], -1e4), dim=1)
    across = functional.cross_entropy((q[:n] @ d.T * TEACHER_SCALE).masked_fill(own[:n, :n], -1e4), few)
    return loss + across / 2


def train(arguments: argparse.Namespace) -> None:
    torch.manual_seed(arguments.seed)
    torch.set_num_threads(arguments.threads)
    rng = np.random.default_rng(arguments.seed)
    words = (arguments.data[0] / "words.txt").read_text(encoding="utf-8").split("\n")[:-1]
    pairs = Pairs(arguments.data, words)
    if arguments.start:
        trained = np.load(arguments.start)
        model = StaticModel(trained["table"], starting_weights(pairs.frequencies))
        kept = {name: torch.from_numpy(trained[name]) for name in model.state_dict() if name != "scale"}
        model.load_state_dict({**model.state_dict(), **kept})
    else:
        cached = arguments.data[0] / "start.npy"
        if not cached.exists():
            np.save(cached, starting_vectors(arguments.minilm, words))
        model = StaticModel(np.load(cached), starting_weights(pairs.frequencies))
    rows, validation = split(pairs, np.random.default_rng(0))
    teacher = np.load(arguments.teacher, mmap_mode="r") if arguments.teacher else None
    taught = (
        rows[(rows < len(teacher)) & (np.asarray(teacher[np.minimum(rows, len(teacher) - 1), 0]) != 0)]
        if teacher is not None
        else rows
    )
    drops = Drops(synonym=arguments.synonym, shared=arguments.shared)
    rate = arguments.rate
    groups = [
        {"params": [model.table], "lr": rate},
        {"params": [model.word_weights], "lr": 3 * rate},
        {"params": [model.field_weights, model.matrices, model.scale], "lr": rate / 2},
    ]
    optimizer = torch.optim.Adam(groups, fused=True)
    rates = [group["lr"] for group in groups]
    keep = np.array(_KIND_WEIGHT)[pairs.kind[rows]]
    stream = epochs(rows, pairs.package, batch=arguments.batch, group=arguments.group, rng=rng)
    print(f"{len(rows)} pairs, about {int(keep.sum()) // arguments.batch} steps an epoch", flush=True)
    start = time.monotonic()
    label = torch.arange(arguments.batch)
    reserve = np.zeros(0, dtype=np.int64)
    before = {language: round(validate(model, pairs, some), 4) for language, some in validation.items()}
    print("before", before, flush=True)
    for step in range(arguments.steps):
        while len(reserve) < arguments.batch:
            some = next(stream)
            reserve = np.concatenate([reserve, some[rng.random(len(some)) < np.array(_KIND_WEIGHT)[pairs.kind[some]]]])
        chosen, reserve = reserve[: arguments.batch], reserve[arguments.batch :]
        progress = step / arguments.steps
        for group, base in zip(optimizer.param_groups, rates, strict=True):
            group["lr"] = base * (min(1, step / 50) * (1 - progress) + 0.01)
        question, passage = pairs.batch(chosen, drops, rng)
        q, d = model(question), model(passage)
        scores = (q @ d.T) * model.scale.exp().clamp(max=60)
        passage_of_row = torch.from_numpy(pairs.passage[chosen])
        same = (passage_of_row[:, None] == passage_of_row[None, :]) & ~torch.eye(len(chosen), dtype=torch.bool)
        scores = scores.masked_fill(same, -1e4)
        loss = (functional.cross_entropy(scores, label) + functional.cross_entropy(scores.T, label)) / 2
        if teacher is not None:
            some = rng.choice(taught, TAUGHT)
            loss = loss + arguments.teaching * teaching_loss(model, pairs, teacher, some, drops=drops, rng=rng)
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        if step % arguments.every == arguments.every - 1 or step + 1 == arguments.steps:
            values = {language: validate(model, pairs, some) for language, some in validation.items()}
            seconds = time.monotonic() - start
            print(
                f"step {step + 1} {seconds:.0f} s loss {loss.item():.3f} scale {model.scale.exp().item():.1f}"
                f" fields {[round(v, 2) for v in model.field_weights.tolist()]}"
                f" validation {np.mean(list(values.values())):.4f} { {k: round(v, 3) for k, v in values.items()} }",
                flush=True,
            )
    np.savez(
        arguments.out,
        table=model.table.detach().numpy(),
        word_weights=model.word_weights.detach().numpy(),
        field_weights=model.field_weights.detach().numpy(),
        matrices=model.matrices.detach().numpy(),
        words=np.array(words),
        torch=torch.__version__,
        arguments=re.sub(r"PosixPath\('([^']*/)?([^']*)'\)", r"'\2'", str(vars(arguments))),
    )


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--data", type=Path, action="append", required=True)
    parser.add_argument(
        "--minilm", type=Path, help="folder of plain MiniLM, as convert_minilm.py makes it; needed without --start"
    )
    parser.add_argument("--teacher", type=Path, help="of the first data folder")
    parser.add_argument("--start", type=Path, help="trained parameters to go on from")
    parser.add_argument("--teaching", type=float, default=0.3)
    parser.add_argument("--out", type=Path, required=True)
    parser.add_argument("--steps", type=int, default=4000)
    parser.add_argument("--every", type=int, default=250, help="steps from one validation to the next")
    parser.add_argument("--batch", type=int, default=1024)
    parser.add_argument("--group", type=int, default=64)
    parser.add_argument("--rate", type=float, default=2e-3)
    parser.add_argument("--synonym", type=float, default=0.15)
    parser.add_argument("--shared", type=float, default=0.25)
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--seed", type=int, default=1)
    train(parser.parse_args())


if __name__ == "__main__":
    main()
