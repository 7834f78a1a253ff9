"""A model that finishes raw text, in this very process, writes conversations out of its own head."""

from distilabel.llms import LLM
from distilabel.pipeline import InstructionResponsePipeline, Pipeline
from distilabel.steps import LoadDataFromDicts
from distilabel.steps.tasks import Magpie, MagpieGenerator


class Local(LLM):
    """Stands for a model on one's own GPU."""

    use_magpie_template: bool = True
    magpie_pre_query_template: str = "llama3"

    @property
    def model_name(self):
        return "local"

    def generate(self, inputs, num_generations=1, temperature=0.7):
        return [{"generations": [self._say(chat)] * num_generations} for chat in inputs]

    def _say(self, chat):
        if chat and chat[-1]["role"] == "user":
            return f"On {chat[-1]['content']}"
        system = chat[0]["content"] if chat else "no one"
        return f"question {len(chat)} to {system}"


with Pipeline("magpie") as pipeline:
    load_data = LoadDataFromDicts(data=[{"topic": "sea"}, {"topic": "sky"}])
    load_data >> Magpie(
        llm=Local(),
        n_turns=2,
        include_system_prompt=True,
        system_prompt="an expert",
        num_generations=2,
    )

with Pipeline("from-nothing") as from_nothing:
    MagpieGenerator(llm=Local(), num_rows=5, batch_size=2, only_instruction=True, system_prompt="a cook")


def check(distiset):
    rows = list(distiset["default"]["train"])
    assert [row["topic"] for row in rows] == ["sea", "sea", "sky", "sky"]
    for row in rows:
        assert row["conversation"] == [
            {"role": "system", "content": "an expert"},
            {"role": "user", "content": "question 1 to an expert"},
            {"role": "assistant", "content": "On question 1 to an expert"},
            {"role": "user", "content": "question 3 to an expert"},
            {"role": "assistant", "content": "On question 3 to an expert"},
        ]


if __name__ == "__main__":
    distiset = pipeline.run(parameters={"magpie_0": {"llm": {"generation_kwargs": {"temperature": 0.2}}}})
    asked = from_nothing.run()["default"]["train"]
    assert asked["instruction"][:] == ["question 1 to a cook"] * 5
    pairs = InstructionResponsePipeline(llm=Local(), num_rows=3).run()["default"]["train"]
    assert pairs.num_rows == 3
    assert all(row["response"] == f"On {row['instruction']}" for row in pairs)
