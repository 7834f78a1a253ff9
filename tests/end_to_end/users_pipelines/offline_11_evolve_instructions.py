"""Instructions evolve twice by batch, a job a turn, and the last ones are answered."""

from distilabel.llms import OpenAILLM
from distilabel.pipeline import Pipeline
from distilabel.steps import LoadDataFromDicts
from distilabel.steps.tasks import EvolInstruct

with Pipeline(name="evolve") as pipeline:
    load_data = LoadDataFromDicts(data=[{"instruction": f"Name {n} rivers."} for n in range(2, 6)])
    evolve = EvolInstruct(
        llm=OpenAILLM(model="gpt-4o-mini", use_offline_batch_generation=True),
        num_evolutions=2,
        generate_answers=True,
    )
    load_data >> evolve


def check(distiset):
    rows = list(distiset["default"]["train"])
    assert [row["instruction"] for row in rows] == [f"Name {n} rivers." for n in range(2, 6)]
    assert len({row["evolved_instruction"] for row in rows}) == 4
    assert all(row["evolved_instruction"] != row["instruction"] for row in rows)
    assert all(row["evolved_instruction"][:20] in row["answer"] for row in rows)


if __name__ == "__main__":
    distiset = pipeline.run()
