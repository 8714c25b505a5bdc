"""`python -m evals.reading`: train the pair reader and write `ingest/pair_reader.npz`.

It learns the stance of a statement to a key point from the bank's other ways to say one, its model
answers and misconceptions, `statements.jsonl` (what candidates might say, written for this by hands
that wrote neither the bank nor the graded answers) and rules that restate and deny. Whether a sentence
answers a question, alone or with others, it learns from the lessons of 87 sections (`corpus/lessons`),
questions with the sentences that answer and those that a good answer holds, and near ones that nothing
answers; from `asked.jsonl`, more of both; and from half of `plain.jsonl`, short questions with what the
search finds for each. Both it learns from `sentences.jsonl`: the handbook's own sentences beside questions
of the bank, labelled with the key points that each states, in whole or by half, and whether a good answer
would hold it.
A training goes on from the shipped weights, with one pass over the examples, and ships the mean of both:
weights that grew from the same ones may be averaged, and read better than either (Wortsman et al. 2022,
"Model soups"). So grew the shipped ones: from the mean of a training without the lessons' sentences and one
with 1,989 lessons, by a pass with 5,487 of 9,600 lessons drawn by lot.
Left out are questions with graded answers, and what the bank says of the sections of the graded answers'
reported half; of the bank's other questions of the reported half only the points are learnt, not what
answers them. The first trainings had learnt that of both halves.
"""

import random
import sys
import zlib
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from tqdm import tqdm

from chat.compose import Candidate, candidates_of
from command_line import run
from evals.graded_answers import read_answers
from evals.lessons import lessons_of
from evals.plain import read_plain
from evals.questions import half_of, read_json_lines
from evals.rewrites import denied, restated
from ingest.embedder import Model, Vectors, find_model
from ingest.lessons import Lesson
from ingest.pair_reader import (
    MOST_TOKENS,
    STANCES,
    WEIGHTS,
    Stance,
    read_weights,
    reader_module,
    write_weights,
)
from interview.bank import Question, read_bank
from interview.reading import read
from retriever.search import Retriever
from settings import DEFAULT_EMBEDDER, Settings, load_settings

STATEMENTS = Path(__file__).parent / "statements.jsonl"
ASKED = Path(__file__).parent / "asked.jsonl"
SENTENCES = Path(__file__).parent / "sentences.jsonl"
BATCH, RATE = 32, 1.5e-4
LESSONS = 0.6
"""Share of the lessons that a training draws."""
WARM_UP = 0.06
"""Share of the steps in which the learning rate rises."""
SMOOTHING = 0.05
"""Label smoothing: some labels of so many are wrong."""
PROOF = 14
"""One section in so many is kept to print how well its sentences are read."""
TOLD, FAR = 0.6, 0.3
"""Similarity to a point from which the nearest unit of a model answer states it; below which one does not."""


@dataclass(frozen=True)
class Example:
    """A pair of texts and what is true of it."""

    first: str
    second: str
    section: str
    stance: Stance | None = None
    answers: bool = False
    """Where no stance is given: whether the second answers the first, a question; alone, where one can."""


def stances(questions: Sequence[Question], chance: random.Random) -> Iterator[Example]:
    """Statements beside key points."""
    written: dict[str, dict[int, dict[str, Any]]] = {}
    for _, entry in read_json_lines(STATEMENTS):
        written.setdefault(entry["id"], {})[entry["point"] - 1] = entry
    for question in questions:
        own = written.get(question.id, {})
        for number, point in enumerate(question.key_points):
            others = [other for other in question.key_points if other is not point]
            for pair in _of_point(point.text, point.says, [(o.text, o.says) for o in others], chance):
                yield _placed(pair, question)
            if number in own:
                for pair in _written(point.text, point.says, own, number, chance):
                    yield _placed(pair, question)
        for wrong in question.misconceptions:
            yield Example(wrong.correction, wrong.claim, question.section, "contradicts")
            if chance.random() < 0.5:
                yield Example(wrong.claim, wrong.correction, question.section, "contradicts")
        asked = chance.choice(question.key_points).text
        yield Example(asked, question.question, question.section, "neither")


Pair = tuple[str, str, Stance]


def told(questions: Sequence[Question], encode: Callable[[Sequence[str]], Vectors]) -> Iterator[Example]:
    """Sentences of the bank's model answers, which state every point among much else."""
    for question in questions:
        answer = read(question.model_answer, encode)
        near = encode([point.text for point in question.key_points]) @ answer.vectors.T
        for point, row in zip(question.key_points, near, strict=True):
            if row.max() >= TOLD:
                said = answer.units[int(row.argmax())]
                yield Example(point.text, said, question.section, "states")
            farthest = int(row[: answer.sentences].argmin())
            if row[farthest] < FAR:
                yield Example(point.text, answer.units[farthest], question.section, "neither")


def _of_point(
    text: str, says: Sequence[str], others: Sequence[tuple[str, Sequence[str]]], chance: random.Random
) -> Iterator[Pair]:
    """What the bank and the rules say of a point."""
    for way in says:
        if chance.random() < 0.8:
            yield text, way, "states"
    for one in (text, *chance.sample(list(says), min(1, len(says)))):
        if chance.random() < (0.6 if one is text else 0.25):
            yield one, restated(one, chance), "states"
        turned = denied(one, chance) if chance.random() < (0.6 if one is text else 0.2) else None
        if turned:
            yield one, restated(turned, chance) if chance.random() < 0.5 else turned, "contradicts"
    if not others:
        return
    other, ways = chance.choice(others)
    if says and chance.random() < 0.5:
        two = [chance.choice((other, *ways)), chance.choice((restated(text, chance), *says))]
        chance.shuffle(two)
        yield text, " ".join(two), "states"
    if len(others) > 1 and chance.random() < 0.4:
        two = [chance.choice((restated(o, chance), *w)) for o, w in chance.sample(list(others), 2)]
        yield text, " ".join(two), "neither"
    if chance.random() < 0.5:
        yield text, restated(other, chance), "neither"
    yield text, chance.choice((other, *ways)), "neither"


def _written(
    text: str, says: Sequence[str], own: dict[int, dict[str, Any]], number: int, chance: random.Random
) -> Iterator[Pair]:
    """What was written for a point."""
    entry = own[number]
    for said in entry["covered"]:
        yield text, said, "states"
    for said in entry["contradicted"]:
        yield text, said, "contradicts"
        if chance.random() < 0.5:
            yield chance.choice((*says, *entry["covered"])), said, "contradicts"
    for said in entry["near"]:
        yield text, said, "neither"
    yield chance.choice((*says, *entry["covered"])), entry["near"][0], "neither"
    yield entry["covered"][0], chance.choice((*says, *entry["covered"][1:])), "states"
    for other, foreign in own.items():
        if other != number and chance.random() < 0.5:
            yield text, chance.choice(foreign["contradicted"]), "neither"
            yield text, chance.choice(foreign["covered"]), "neither"


def _placed(pair: Pair, question: Question) -> Example:
    first, second, stance = pair
    return Example(first, second, question.section, stance)


def labelled(questions: Sequence[Question], chance: random.Random) -> Iterator[Example]:
    """Sentences of the handbook beside the points and the questions that they were labelled for.

    One that states half a point is no lesson on that point, and neither is it one that answers nothing.
    """
    known = {question.id: question for question in questions}
    for _, entry in read_json_lines(SENTENCES):
        if entry["id"] not in known:
            continue
        question = known[entry["id"]]
        for said in entry["sentences"]:
            stated, half = said.get("states", []), said.get("half", [])
            for number in stated:
                yield Example(question.key_points[number - 1].text, said["text"], question.section, "states")
            beside = [n for n in range(1, len(question.key_points) + 1) if n not in stated and n not in half]
            for number in chance.sample(beside, min(1, len(beside))):
                yield Example(question.key_points[number - 1].text, said["text"], question.section, "neither")
            useful = bool(said.get("useful") or stated)
            if (useful or not half) and half_of(question.section) == "tuning":
                yield Example(question.question, said["text"], question.section, answers=useful)


def plain(chance: random.Random) -> Iterator[Example]:
    """What the search finds for plain questions, beside them."""
    for entry in read_plain("learnt"):
        said = list(entry["sentences"])
        if "text" in entry:
            said.append({"text": entry["text"], "answers": True})
        for one in said:
            is_answer = bool(one.get("answers"))
            if is_answer or chance.random() < 0.7:
                yield Example(entry["question"], one["text"], entry["section"], answers=is_answer)


def lessons(taught: Sequence[Lesson], retriever: Retriever, chance: random.Random) -> Iterator[Example]:
    """Candidates for the answer to each lesson's question, beside it."""
    for lesson in taught:
        asked, section = lesson.question, lesson.section
        found = _found(retriever, asked)
        here = [one for one in found if one.chunk.section == section]
        far = [one for one in found[8:60] if one.chunk.section != section]
        if not lesson.answered:
            beside = [*found[:3], *chance.sample(here, min(2, len(here)))]
        elif not lesson.holds:
            for one in here[:1]:
                yield Example(asked, one.sentence.embedding_text(), section, answers=True)
            beside = chance.sample(far, min(1, len(far)))
        else:
            other = [one for one in here if one.sentence.text not in lesson.holds]
            beside = [*other[:4], *chance.sample(other[4:], min(3, len(other[4:])))]
            beside += chance.sample(far, min(2, len(far)))
            for one in here:
                said = one.sentence.text
                if said in lesson.holds:
                    # No sentence alone answers an interviewer, who asks for several things.
                    answers = lesson.kind == "interview" or said in lesson.first
                    yield Example(asked, one.sentence.embedding_text(), section, answers=answers)
        for one in beside:
            yield Example(asked, one.sentence.embedding_text(), section)


def answers(retriever: Retriever, questions: Sequence[Question], chance: random.Random) -> Iterator[Example]:
    """Sentences beside questions: those that the search finds, and key points of the bank."""
    for _, entry in read_json_lines(ASKED):
        for asked in entry["in"]:
            found = _found(retriever, asked)
            here = [hit for hit in found if hit.chunk.section == entry["section"]][:1]
            far = [hit for hit in found[8:60] if hit.chunk.section != entry["section"]]
            for hit in here:
                yield Example(asked, hit.sentence.embedding_text(), entry["section"], answers=True)
            for hit in chance.sample(far, min(1, len(far))):
                yield Example(asked, hit.sentence.embedding_text(), entry["section"])
        for asked in entry["out"]:
            for hit in _found(retriever, asked)[:3]:
                yield Example(asked, hit.sentence.embedding_text(), entry["section"])
    for question in questions:
        if half_of(question.section) != "tuning":
            continue
        chapter = question.section.partition(".")[0]
        others = [
            other
            for other in questions
            if other.section != question.section and other.section.partition(".")[0] == chapter
        ]
        for point in chance.sample(list(question.key_points), min(3, len(question.key_points))):
            said = chance.choice((point.text, *point.says))
            yield Example(question.question, said, question.section, answers=True)
        if others:
            for point in chance.sample(list(chance.choice(others).key_points), 2):
                said = chance.choice((point.text, *point.says))
                yield Example(question.question, said, question.section)


def _found(retriever: Retriever, question: str) -> list[Candidate]:
    candidates = candidates_of(retriever.find(question), retriever)
    return [candidate for candidate in candidates if candidate.sentence.kind != "code"]


def examples(settings: Settings, seed: int = 0) -> list[Example]:
    """All examples, the same in the same order each time."""
    graded = read_answers()
    known = {answer.question.id for answer in graded}
    held_out = {answer.question.section for answer in graded if answer.half == "reported"}
    questions = [
        question
        for question in read_bank(settings.corpus).values()
        if question.id not in known and question.section not in held_out
    ]
    chance = random.Random(seed)  # noqa: S311 - a draw of sentences, not a secret
    retriever = Retriever(settings)
    said = [*stances(questions, chance), *told(questions, retriever.encode), *labelled(questions, chance)]
    asked = [*answers(retriever, questions, chance), *plain(chance)]
    taught = [one for one in lessons_of(settings.corpus, "learnt") if chance.random() < LESSONS]
    return [*said, *asked, *lessons(taught, retriever, chance)]


def is_kept(section: str) -> bool:
    """Whether a section's sentences are kept for the proof, and not learnt from."""
    return bool(section) and zlib.crc32(section.encode()) % PROOF == 0


class _Encoded:
    """Examples with what the embedding model's lower layers make of them, which training never changes."""

    def __init__(self, reader: Any, model: Model, chosen: Sequence[Example]) -> None:
        import torch
        from transformers import AutoTokenizer

        tokenizer = AutoTokenizer.from_pretrained(str(model.folder))
        self.examples = chosen
        self.hidden: list[Any] = [None] * len(chosen)
        order = sorted(range(len(chosen)), key=lambda row: len(chosen[row].first) + len(chosen[row].second))
        with torch.no_grad(), torch.autocast("cpu", dtype=torch.bfloat16):
            for start in tqdm(range(0, len(order), 64), desc="Lower layers", disable=None):
                rows = order[start : start + 64]
                tokens = tokenizer(
                    [chosen[row].first for row in rows],
                    [chosen[row].second for row in rows],
                    return_tensors="pt",
                    padding=True,
                    truncation=True,
                    max_length=MOST_TOKENS,
                )
                hidden = reader.bottom(**tokens)
                for place, row in enumerate(rows):
                    length = int(tokens["attention_mask"][place].sum())
                    self.hidden[row] = hidden[place, :length].to(torch.bfloat16).clone()

    def batch(self, rows: Sequence[int]) -> tuple[Any, Any]:
        """Hidden states (rows, tokens, width) and their mask."""
        import torch

        longest = max(len(self.hidden[row]) for row in rows)
        hidden = torch.zeros(len(rows), longest, self.hidden[rows[0]].shape[1])
        mask = torch.zeros(len(rows), longest)
        for place, row in enumerate(rows):
            length = len(self.hidden[row])
            hidden[place, :length] = self.hidden[row].float()
            mask[place, :length] = 1
        return hidden, mask


def train(
    model: Model, start: Mapping[str, NDArray[np.float32]], chosen: Sequence[Example], seed: int = 0
) -> tuple[dict[str, Any], str]:
    """The upper layers' weights after one pass, and a line on how they read the sections kept for it."""
    import torch

    torch.manual_seed(seed)
    reader: Any = reader_module(model, start)
    kept = [is_kept(example.section) for example in chosen]
    lessons = _Encoded(reader, model, [e for e, proves in zip(chosen, kept, strict=True) if not proves])
    proof = _Encoded(reader, model, [e for e, proves in zip(chosen, kept, strict=True) if proves])
    upper = reader.upper.train()
    optimiser = torch.optim.AdamW(upper.parameters(), lr=RATE, weight_decay=0.01)
    steps = -(-len(lessons.examples) // BATCH)
    schedule = torch.optim.lr_scheduler.LambdaLR(
        optimiser, lambda step: min(1.0, (step + 1) / (WARM_UP * steps)) * max(0.0, 1 - step / steps)
    )
    chance = random.Random(seed)  # noqa: S311 - an order of lessons, not a secret
    with tqdm(total=steps, desc="Upper layers", disable=None) as bar:
        # Pairs of like length together, so that a batch wastes no padding.
        order = sorted(
            range(len(lessons.examples)), key=lambda row: len(lessons.hidden[row]) + 6 * chance.random()
        )
        batches = [order[first : first + BATCH] for first in range(0, len(order), BATCH)]
        chance.shuffle(batches)
        for rows in batches:
            loss = _loss(upper, lessons, rows)
            optimiser.zero_grad()
            loss.backward()
            torch.nn.utils.clip_grad_norm_(upper.parameters(), 1.0)
            optimiser.step()
            schedule.step()
            bar.update()
    weights = {name: tensor.float().numpy() for name, tensor in upper.eval().state_dict().items()}
    return weights, _proved(upper, proof)


def _loss(upper: Any, lessons: _Encoded, rows: Sequence[int]) -> Any:
    import torch
    from torch.nn.functional import binary_cross_entropy_with_logits, cross_entropy

    with torch.autocast("cpu", dtype=torch.bfloat16):
        stance, answer = upper(*lessons.batch(rows))
    chosen = [lessons.examples[row] for row in rows]
    judged = [place for place, example in enumerate(chosen) if example.stance]
    asked = [place for place, example in enumerate(chosen) if not example.stance]
    loss = torch.zeros(())
    if judged:
        labels = torch.tensor([STANCES.index(chosen[place].stance or "neither") for place in judged])
        loss = loss + cross_entropy(
            stance.float()[judged], labels, label_smoothing=SMOOTHING, reduction="sum"
        )
    if asked:
        truth = torch.tensor([float(chosen[place].answers) for place in asked])
        loss = loss + binary_cross_entropy_with_logits(answer.float()[asked, 0], truth, reduction="sum")
    return loss / len(rows)


def _proved(upper: Any, proof: _Encoded) -> str:
    import torch

    right: dict[str, list[bool]] = {"stance": [], "answer": []}
    with torch.no_grad():
        for row, example in enumerate(proof.examples):
            stance, answer = upper(*proof.batch([row]))
            if example.stance:
                right["stance"].append(STANCES[int(stance.argmax())] == example.stance)
            else:
                right["answer"].append(bool(answer > 0) == example.answers)
    shares = (f"{name} right {np.mean(found):.3f} of {len(found)}" for name, found in right.items() if found)
    return f"sections not learnt from: {', '.join(shares)}"


def main() -> int:
    """Train, and write the mean of the old weights and the new; takes half an hour."""
    start = read_weights(WEIGHTS)
    weights, proof = train(find_model(DEFAULT_EMBEDDER), start, examples(load_settings()))
    write_weights(WEIGHTS, {name: (start[name] + weights[name]) / 2 for name in start})
    sys.stderr.write(f"{proof}\n")
    return 0


if __name__ == "__main__":
    run(main)
