"""A custom task: how a row becomes a chat, and how an answer becomes columns."""

from typing import Any

from distilabel.steps.tasks.typing import ChatType

from distilabel.models import OpenAILLM
from distilabel.pipeline import Pipeline
from distilabel.steps import LoadDataFromDicts
from distilabel.steps.tasks import Task


class Translate(Task):
    language: str

    @property
    def inputs(self) -> list[str]:
        return ["text"]

    @property
    def outputs(self) -> list[str]:
        return ["translation", "characters", "model_name"]

    def format_input(self, input: dict[str, Any]) -> ChatType:
        return [
            {"role": "system", "content": f"You translate into {self.language}."},
            {"role": "user", "content": input["text"]},
        ]

    def format_output(self, output: str | None, input: dict[str, Any]) -> dict[str, Any]:
        return {"translation": output, "characters": len(output or "")}


with Pipeline("translate", enable_metadata=True) as pipeline:
    load_data = LoadDataFromDicts(data=[{"prompt": "Good morning"}, {"prompt": "Good night"}])
    translate = Translate(
        language="Basque",
        llm=OpenAILLM(model="gpt-4o-mini"),
        input_mappings={"text": "prompt"},
        num_generations=2,
    )
    load_data >> translate


def check(distiset):
    rows = distiset["default"]["train"]
    assert rows["prompt"][:] == ["Good morning"] * 2 + ["Good night"] * 2
    assert rows["characters"][:] == [len(text) for text in rows["translation"]]
    assert all("raw_input_translate_0" in row for row in rows["distilabel_metadata"])


if __name__ == "__main__":
    distiset = pipeline.run()
