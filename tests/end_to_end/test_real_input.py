"""Real questions through two offline tasks in a row, the process closed between submit and collect."""

import json
import re
from pathlib import Path

import pytest

from tests.support.platform import platform
from tests.support.process import run

pytestmark = pytest.mark.slow  # all questions of a real dataset, in several processes

ROOT = Path(__file__).parents[2]
EXAMPLE = ROOT / "examples" / "gsm8k.py"
GSM8K = ROOT.parent / "shared" / "data" / "gsm8k_test.jsonl"
INSTRUCTIONS = ROOT / "examples" / "data" / "instructions.jsonl"
SHOW = """
    import json
    with open("rows.json", "w") as file:
        json.dump([dict(row) for row in rows] if len(distiset) else [], file)
"""


def quoted(text: str) -> str:
    """Return what the toy quoted of its prompt, with white space folded."""
    return " ".join(re.search(r'About "(.*?)":', text, re.DOTALL)[1].split())


@pytest.mark.parametrize("source", ["gsm8k", "shipped"])
def test_every_answer_is_on_its_row_after_two_tasks_and_several_processes(tmp_path: Path, source: str):
    if source == "gsm8k" and not GSM8K.exists():
        pytest.skip("the GSM8K test set is not on this machine")
    questions = _questions(source, tmp_path)
    script = tmp_path / "gsm8k.py"
    script.write_text(EXAMPLE.read_text("utf-8") + SHOW.replace("rows]", 'distiset["default"]["train"]]'))
    with platform(tmp_path / "platform") as running:
        environment = running.environment(tmp_path / "cache")
        for _ in range(3):
            last = run(script, environment, str(tmp_path / "questions.jsonl"))
            running.wait()
        prompts = running.prompts()
    assert f"{len(questions)} questions, {len(questions)} solved, {len(questions)} reviewed" in last.text
    rows = json.loads((tmp_path / "rows.json").read_text())
    assert [row["instruction"] for row in rows] == questions
    for row in rows:
        assert " ".join(row["instruction"].split()).startswith(quoted(row["generation"])[:40])
        assert review_of(row) in prompts
    # Nothing was sent twice: equal questions, if any, were sent as often as they stand in the file.
    assert sum(prompts.values()) == 2 * len(questions)


def review_of(row: dict[str, str]) -> str:
    """Return the prompt of the second task for a row, as the example's template makes it."""
    return (
        'Check this answer. Say "right" or "wrong" first, then why, in one sentence.\n\n'
        f"Question: {row['instruction']}\n\nAnswer: {row['generation']}"
    )


def _questions(source: str, folder: Path) -> list[str]:
    path = GSM8K if source == "gsm8k" else INSTRUCTIONS
    name = "question" if source == "gsm8k" else "prompt"
    rows = [json.loads(line) for line in path.read_text("utf-8").split("\n") if line]
    lines = [json.dumps({"question": row[name], "answer": row.get("answer", "")}) for row in rows]
    (folder / "questions.jsonl").write_text("\n".join(lines) + "\n")
    return [row[name] for row in rows]
