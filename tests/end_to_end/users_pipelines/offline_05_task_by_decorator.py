"""A task made of a function and its docstring, by batch."""

from distilabel.llms import OpenAILLM
from distilabel.pipeline import Pipeline
from distilabel.steps import LoadDataFromDicts
from distilabel.steps.tasks import task


@task(inputs=["country"], outputs=["capital"])
def Capital(output, input):
    """---
    system_prompt: |-
      You know the world.
    user_message_template: |-
      Which is the capital of {country}?
    ---
    """
    return {"capital": output}


with Pipeline(name="capitals") as pipeline:
    load_data = LoadDataFromDicts(data=[{"country": name} for name in ("Peru", "Chad", "Fiji")])
    load_data >> Capital(llm=OpenAILLM(model="gpt-4o-mini", use_offline_batch_generation=True))


def check(distiset):
    for row in distiset["default"]["train"]:
        assert f"capital of {row['country']}" in row["capital"]


if __name__ == "__main__":
    distiset = pipeline.run()
