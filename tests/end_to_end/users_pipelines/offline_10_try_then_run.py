"""A dry run first, online and with one row; then all rows by batch, in stages."""

from distilabel.llms import OpenAILLM
from distilabel.pipeline import Pipeline
from distilabel.steps import LoadDataFromDicts
from distilabel.steps.tasks import TextGeneration

with Pipeline(name="try-then-run") as pipeline:
    load_data = LoadDataFromDicts(data=[{"instruction": f"Riddle {n}"} for n in range(6)])
    riddle = TextGeneration(llm=OpenAILLM(model="gpt-4o-mini"))
    load_data >> riddle


def check(distiset):
    assert distiset["default"]["train"]["instruction"][:] == [f"Riddle {n}" for n in range(6)]


if __name__ == "__main__":
    tried = pipeline.dry_run(parameters={riddle.name: {"llm": {"generation_kwargs": {"max_new_tokens": 32}}}})
    assert tried["default"]["train"].num_rows == 1
    distiset = pipeline.run(
        parameters={riddle.name: {"llm": {"use_offline_batch_generation": True}}},
        load_groups="sequential_step_execution",
    )
