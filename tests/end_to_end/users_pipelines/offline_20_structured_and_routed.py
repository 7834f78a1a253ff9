"""Each batch goes to two of three models, which answer in JSON after a schema; a table of people comes out."""

import json

from pydantic import BaseModel, Field

from distilabel.llms import OpenAILLM
from distilabel.pipeline import Pipeline, sample_n_steps
from distilabel.steps import GroupColumns, LoadDataFromDicts
from distilabel.steps.tasks import TextGeneration


class Knight(BaseModel):
    name: str = Field(description="In one word.")
    age: int
    weapons: list[str]


sample_two_steps = sample_n_steps(n=2)

with Pipeline("knights") as pipeline:
    load_data = LoadDataFromDicts(
        data=[
            {"instruction": f"A knight of {land}, please."} for land in ("Wales", "Spain", "Mali", "Japan")
        ],
        batch_size=1,
    )
    tasks = [
        TextGeneration(
            name=f"text_generation_{n}",
            system_prompt="You invent people, as JSON.",
            llm=OpenAILLM(
                model=f"model-{n}",
                structured_output={"schema": Knight, "format": "json"},
                use_offline_batch_generation=True,
                offline_batch_generation_block_until_done=1,
            ),
            input_batch_size=1,
            use_cache=n != 0,
        )
        for n in range(3)
    ]
    group = GroupColumns(
        columns=["generation", "model_name"],
        output_columns=["generations", "model_names"],
        input_batch_size=1,
    )
    load_data >> sample_two_steps >> tasks >> group

ASKED_OFTEN = True


def check(distiset):
    rows = list(distiset["default"]["train"])
    assert [row["instruction"].split()[3] for row in rows] == ["Wales,", "Spain,", "Mali,", "Japan,"]
    for row in rows:
        assert len(set(row["model_names"])) == 2
        assert all(Knight(**json.loads(text)).weapons is not None for text in row["generations"])


if __name__ == "__main__":
    distiset = pipeline.run(
        parameters={
            task.name: {
                "llm": {
                    "generation_kwargs": {"max_new_tokens": 256},
                    "offline_batch_generation_block_until_done": 0.02,
                }
            }
            for task in tasks
        }
    )
