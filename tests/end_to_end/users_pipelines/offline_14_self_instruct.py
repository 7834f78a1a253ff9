"""Instructions of a custom domain: written about seed texts, unfolded, answered, and laid out for fine-tuning."""

from distilabel.llms import OpenAILLM
from distilabel.pipeline import Pipeline
from distilabel.steps import ExpandColumns, FormatTextGenerationSFT, LoadDataFromDicts
from distilabel.steps.tasks import SelfInstruct, TextGeneration

with Pipeline("domain-instructions") as pipeline:
    load_data = LoadDataFromDicts(data=[{"input": "beekeeping"}, {"input": "tides"}], batch_size=1)
    self_instruct = SelfInstruct(
        llm=OpenAILLM(model="writer", use_offline_batch_generation=True),
        num_instructions=3,
        criteria_for_query_generation="Short, and for beginners.",
        application_description="A school's assistant",
    )
    expand = ExpandColumns(columns={"instructions": "instruction"})
    answer = TextGeneration(
        llm=OpenAILLM(model="gpt-4o-mini", use_offline_batch_generation=True),
        system_prompt="You are brief.",
        output_mappings={"model_name": "answered_by"},
    )
    load_data >> self_instruct >> expand >> answer >> FormatTextGenerationSFT()


def model_says(model, prompt):
    if model == "writer":
        subject = "beekeeping" if "beekeeping" in prompt else "tides"
        return "\n".join(f"{n}. Question {n} on {subject}?" for n in (1, 2, 3))
    return f"So: {prompt}"


def check(distiset):
    rows = list(distiset["default"]["train"])
    wanted = [f"Question {n} on {subject}?" for subject in ("beekeeping", "tides") for n in (1, 2, 3)]
    assert [row["instruction"] for row in rows] == wanted
    assert {row["answered_by"] for row in rows} == {"gpt-4o-mini"}
    assert {row["model_name"] for row in rows} == {"writer"}
    for row in rows:
        assert [message["content"] for message in row["messages"]][-2:] == [
            row["instruction"],
            f"So: {row['instruction']}",
        ]


if __name__ == "__main__":
    distiset = pipeline.run()
