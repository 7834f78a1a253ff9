"""What a case is, what came of it, and the verdict: from the books and from the answers, nothing else."""

from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from tests.chaos.books import Books, answer_to, as_number
from tests.chaos.faults import Fault, Plan
from tests.chaos.pipeline import COUNT, Spec, prompts
from tests.chaos.platform import MisbehavingPlatform
from tests.chaos.runner import Outcome, Runner
from tests.emulators.base import Emulator
from tests.emulators.openai import OPENAI

__all__ = ["Case", "Expected", "Skipped", "Stage", "Verdict", "judged"]

_SAMPLES = [f"{kind}{n}" for kind in ("", "online") for n in range(8)]


class Skipped(Exception):  # noqa: N818 - not an error
    """This machine cannot play the case."""


@dataclass(frozen=True)
class Expected:
    """What must come out.

    Attributes:
        unanswered: Numbers of prompts that end without an answer, as None or as the empty text, and the code of the reason.
        raises: The errors of the first runs, one each, as class name (or several, between bars) and a part of the message; then
            it must go on.
        ending: What each answer ends with, beside what the model said.
        cut_short: Numbers of prompts whose answer is only its beginning.
        cut_off: Numbers of prompts whose answer is empty, with the reason `length`.
        most_asked: How often one line may be run at most.
        most_twice: How many lines may be paid twice: realtime calls under way when a process died.
    """

    unanswered: Mapping[int, str] = field(default_factory=dict)
    raises: tuple[tuple[str, str], ...] = ()
    ending: str = ""
    cut_short: frozenset[int] = frozenset()
    cut_off: frozenset[int] = frozenset()
    most_asked: int = 3
    most_twice: int = 0


@dataclass(frozen=True)
class Case:
    """One fault, in words and as a plan, and what must come of it.

    Attributes:
        name: A few words.
        group: `lines`, `rows`, `jobs`, `http`, `process`, `disk`, `disaster`.
        fault: What goes wrong: a sentence.
        outcome: What comes out: a sentence.
        faults: What the platform does wrong.
        expected: What must come out.
        settings: For the platform.
        spec: For each run.
        play: What is done beside running again until it is done.
        sample: Whether `make test` plays it too.
        long: Whether it takes minutes.
    """

    name: str
    group: str
    fault: str
    outcome: str
    faults: tuple[Fault, ...] = ()
    expected: Expected = field(default_factory=Expected)
    settings: Mapping[str, Any] = field(default_factory=dict)
    foreign_jobs: int = 0
    spec: Mapping[str, Any] = field(default_factory=dict)
    play: "Callable[[Stage], None] | None" = None
    sample: bool = False
    long: bool = False

    @property
    def plan(self) -> Plan:
        """What the platform does."""
        return Plan(self.faults, self.settings, self.foreign_jobs)


@dataclass
class Verdict:
    """The figures of a case, and what is wrong with them."""

    rows: int = 0
    answered: int = 0
    unanswered: int = 0
    wrong: int = 0
    paid: int = 0
    lost: int = 0
    twice: int = 0
    kills: int = 0
    runs: int = 0
    seconds: float = 0.0
    faults: list[str] = field(default_factory=list)
    skipped: str = ""

    def add(self, other: "Verdict") -> None:
        """Add the figures of another play of the same case."""
        for name in ("rows", "answered", "unanswered", "wrong", "paid", "lost", "twice", "kills", "runs"):
            setattr(self, name, getattr(self, name) + getattr(other, name))
        self.faults += other.faults


class Stage:
    """Where a case is played: a platform, a cache folder, and processes.

    Args:
        case: The case.
        folder: An empty folder.
        runner: Starts processes.
        random_kills: How many kills at random moments, where there are any.
        emulator: The dialect that it is played in.
    """

    def __init__(
        self, case: Case, folder: Path, runner: Runner, random_kills: int = 0, emulator: Emulator = OPENAI
    ) -> None:
        self.case = case
        self.folder = folder
        self.runner = runner
        self.random_kills = random_kills
        self.emulator = emulator
        self.cache = folder / "cache"
        self.verdict = Verdict()
        self._raises = list(case.expected.raises)
        folder.mkdir(parents=True, exist_ok=True)
        self.platform = MisbehavingPlatform(folder / "platform", case.plan, emulator)

    def spec(self, **changes: Any) -> Spec:
        """Return how a process runs the pipeline."""
        out = str(self.folder / f"run-{self.verdict.runs}.json")
        world = {"cache": str(self.cache), "base_url": self.platform.url, "dialect": self.emulator.name}
        values = {**world, "out": out, **self.case.spec}
        return Spec(**{**values, **changes})

    def run(self, **changes: Any) -> Outcome:
        """Run the pipeline once in a separate process."""
        spec = self.spec(**changes)
        self.verdict.runs += 1
        return self.noted(self.runner.run(spec))

    def noted(self, outcome: Outcome) -> Outcome:
        """Note what is wrong with how a process ended."""
        if outcome.hung:
            self.verdict.faults.append(f"a run hangs; it said: {outcome.said[-1500:]}")
        if outcome.signal:
            self.verdict.kills += 1
        if "Traceback" in outcome.said:
            self.verdict.faults.append(f"a traceback: {outcome.said[-1500:]}")
        return outcome

    def run_until_done(self, most: int = 40, **changes: Any) -> Outcome:
        """Run again and again, as a user would, until the rows are there."""
        for _ in range(most):
            outcome = self.run(**changes)
            if outcome.rows is not None or outcome.hung:
                return outcome
            if outcome.error and not self._foreseen(outcome):
                self.verdict.faults.append(f"raised {outcome.error}: {outcome.message}")
                return outcome
        self.verdict.faults.append(f"not done after {most} runs; the last said: {outcome.said[-1500:]}")
        return outcome

    def _foreseen(self, outcome: Outcome) -> bool:
        if not self._raises:
            return False
        name, part = self._raises.pop(0)
        return outcome.error in name.split("|") and part in outcome.message

    def check(self, outcome: Outcome) -> None:
        """Judge the rows, and that running again gives the same and pays nothing, with and without kept rows."""
        judged(self.verdict, self.case.expected, outcome, self.platform.books)
        if self._raises:
            self.verdict.faults.append(f"never raised {self._raises}")
        self.verdict.faults += [f"never came to pass: {fault}" for fault in self.platform.never_met()]
        paid, jobs = self.platform.books.lines_paid(), self.platform.jobs.count
        self._check_again(outcome, "run again")
        self._forget_rows()
        self._check_again(outcome, "run again without the kept rows")
        if (self.platform.books.lines_paid(), self.platform.jobs.count) != (paid, jobs):
            self.verdict.faults.append("running again when all was done made another job")

    def judge(self, outcome: Outcome) -> None:
        """Judge the rows, and no more."""
        judged(self.verdict, self.case.expected, outcome, self.platform.books)

    def _check_again(self, outcome: Outcome, what: str) -> None:
        again = self.run()
        if again.rows is None or again.rows != outcome.rows:
            self.verdict.faults.append(
                f"{what}, the rows differ: {again.error} {again.message} {again.said[-800:]}"
            )

    def _forget_rows(self) -> None:
        import shutil

        shutil.rmtree(self.cache / "chaos" / "chunks")


def judged(verdict: Verdict, expected: Expected, outcome: Outcome, books: Books) -> None:
    """Fill in a verdict from the rows that came out and from the platform's books."""
    verdict.paid, verdict.lost, verdict.twice = (
        books.lines_paid(),
        books.lost(),
        books.paid_twice(Counter(prompts())),
    )
    if verdict.twice > expected.most_twice:
        verdict.faults.append(f"{verdict.twice} lines were paid twice")
    if books.most_asked() > expected.most_asked:
        verdict.faults.append(f"a line was run {books.most_asked()} times")
    if books.followed:
        verdict.faults.append("a redirect was followed")
    if outcome.rows is None:
        verdict.faults.append("no rows came out")
        return
    _judge_rows(verdict, expected, outcome.rows)
    # An empty text that a limit left counts as a row without an answer.
    empty = sum(row["text"] == "" for row in outcome.rows) if expected.cut_off else 0
    without = verdict.unanswered + empty
    if (said := sum(outcome.failures.values())) != without:
        verdict.faults.append(f"the Distiset says {said} rows have no answer; {without} have none")


def _judge_rows(verdict: Verdict, expected: Expected, rows: list[dict[str, Any]]) -> None:
    verdict.rows = len(rows)
    if [row["i"] for row in rows] != list(range(COUNT)):
        verdict.faults.append("rows are missing, doubled or out of order")
        return
    reasons: Counter[str] = Counter()
    seen: Counter[str] = Counter()
    for row, prompt in zip(rows, prompts(), strict=True):
        code = expected.unanswered.get(as_number(prompt))
        if row["text"] is not None and (row["text"] or code is None):
            verdict.answered += 1
            seen[row["text"]] += 1
            if code is not None:
                verdict.faults.append(f"row {row['i']} has an answer where there is none")
            elif not _right(row["text"], prompt, expected):
                verdict.wrong += 1
        else:
            verdict.unanswered += 1
            reasons[_told(row["reason"], code)] += 1
    if verdict.wrong:
        wrong = [
            row
            for row, p in zip(rows, prompts(), strict=True)
            if row["text"] and not _right(row["text"], p, expected)
        ]
        verdict.faults.append(f"{verdict.wrong} rows have a wrong answer, such as {wrong[0]}")
    if any(count > 1 for text, count in seen.items() if text and not expected.cut_short):
        verdict.faults.append("two rows with equal prompts got the same sample")
    verdict.faults += [f"{count} rows without an answer {text}" for text, count in reasons.items() if text]


def _right(text: str, prompt: str, expected: Expected) -> bool:
    if as_number(prompt) in expected.cut_off:
        return text == ""
    if as_number(prompt) in expected.cut_short:
        return any(text == answer_to(prompt, sample)[:40] for sample in _SAMPLES)
    return any(text == answer_to(prompt, sample) + expected.ending for sample in _SAMPLES)


def _told(reason: dict[str, Any] | None, code: str | None) -> str:
    """Say what is wrong with the reason of a row without an answer; "" if nothing is."""
    if code is None:
        return f"where there should be one: {reason}"
    if not reason:
        return "have no reason"
    complete = reason.get("code") and reason.get("message") and reason.get("attempts") is not None
    if not complete or "job_id" not in reason:
        return f"have a reason that is not complete: {reason}"
    return "" if reason["code"] == code else f"have the reason {reason['code']!r} in place of {code!r}"
