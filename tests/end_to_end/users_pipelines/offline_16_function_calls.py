"""Queries and the function calls that answer them: written, carried out, and checked, after APIGen."""

import json
from pathlib import Path

from distilabel.llms import OpenAILLM
from distilabel.pipeline import Pipeline
from distilabel.steps import ExpandColumns, KeepColumns, LoadDataFromDicts
from distilabel.steps.tasks import APIGenExecutionChecker, APIGenGenerator, APIGenSemanticChecker

Path("library.py").write_text("def add(a: int, b: int) -> int:\n    return a + b\n")

with Pipeline(name="function-calls") as pipeline:
    load_data = LoadDataFromDicts(
        data=[{"func_name": "add", "func_desc": "Adds two whole numbers.", "examples": ""}]
    )
    generate = APIGenGenerator(
        llm=OpenAILLM(model="writer", use_offline_batch_generation=True),
        number=3,
        use_default_structured_output=True,
    )
    expand = ExpandColumns(columns=["query", "answers"])
    execute = APIGenExecutionChecker(libpath="library.py")
    judge = APIGenSemanticChecker(llm=OpenAILLM(model="judge", use_offline_batch_generation=True))
    keep = KeepColumns(
        columns=[
            *("query", "answers", "execution_result", "thought"),
            *("keep_row_after_execution_check", "keep_row_after_semantic_check"),
        ]
    )
    load_data >> generate >> expand >> execute >> judge >> keep


def model_says(model, prompt):
    if model == "judge":
        return json.dumps({"thought": "Looked at.", "passes": "no" if '["7"]' in prompt else "yes"})
    calls = [{"a": 1, "b": 2}, {"a": 3, "b": "four"}, {"a": 3, "b": 4}]
    return json.dumps(
        {
            "pairs": [
                {"query": f"Sum {n}?", "answers": [{"name": "add", "arguments": json.dumps(arguments)}]}
                for n, arguments in enumerate(calls)
            ]
        }
    )


def check(distiset):
    rows = list(distiset["default"]["train"])
    assert [row["query"] for row in rows] == ["Sum 0?", "Sum 1?", "Sum 2?"]
    assert [row["keep_row_after_execution_check"] for row in rows] == [True, False, True]
    assert [row["keep_row_after_semantic_check"] for row in rows] == [True, None, False]
    assert rows[0]["execution_result"] == ["3"]
    assert json.loads(rows[2]["answers"]) == [{"name": "add", "arguments": {"a": 3, "b": 4}}]


if __name__ == "__main__":
    distiset = pipeline.run()
