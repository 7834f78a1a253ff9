"""Problems are solved step by step, the steps are labelled by where they lead, and a reward model's data comes out."""

import re

from distilabel.llms import OpenAILLM
from distilabel.pipeline import Pipeline
from distilabel.steps import CombineOutputs, ExpandColumns, LoadDataFromDicts
from distilabel.steps.tasks import FormatPRM, MathShepherdCompleter, MathShepherdGenerator

with Pipeline(name="math-shepherd") as pipeline:
    load_data = LoadDataFromDicts(data=[{"instruction": f"What is {n} + {n}?"} for n in (2, 3)])
    solver = OpenAILLM(model="solver", use_offline_batch_generation=True)
    golden = MathShepherdGenerator(
        name="golden", llm=OpenAILLM(model="teacher", use_offline_batch_generation=True)
    )
    several = MathShepherdGenerator(name="several", llm=solver, M=2, output_mappings={"model_name": "solver"})
    combine = CombineOutputs()
    label = MathShepherdCompleter(name="label", llm=solver, N=2)
    expand = ExpandColumns(columns=["solutions"])
    [load_data >> golden, load_data >> several] >> combine >> label >> expand >> FormatPRM(format="trl")


def model_says(model, prompt):
    n = int(re.search(r"What is (\d+)", prompt)[1])
    if "First steps:" in prompt:
        return f"Step 2: The answer is: {2 * n}"
    if model == "teacher" or n == 2:
        return f"Step 1: Double {n}.\nStep 2: The answer is: {2 * n}"
    return f"Step 1: Square {n}.\nStep 2: The answer is: {n * n}"


ASKED_OFTEN = True


def check(distiset):
    rows = list(distiset["default"]["train"])
    assert [row["instruction"] for row in rows] == ["What is 2 + 2?"] * 2 + ["What is 3 + 3?"] * 2
    assert [row["labels"] for row in rows] == [[True, True]] * 2 + [[True, False]] * 2
    assert rows[0]["completions"] == ["Step 1: Double 2.", "Step 2: The answer is: 4"]
    assert rows[0]["prompt"] == "What is 2 + 2?"


if __name__ == "__main__":
    distiset = pipeline.run()
