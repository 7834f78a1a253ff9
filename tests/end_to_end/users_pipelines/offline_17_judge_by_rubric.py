"""A judge of the Prometheus family scores answers by a custom rubric, and compares two of them."""

from distilabel.llms import OpenAILLM
from distilabel.pipeline import Pipeline
from distilabel.steps import GroupColumns, LoadDataFromDicts
from distilabel.steps.tasks import PrometheusEval, TextGeneration

RUBRIC = """\
[Is the answer kind?]
Score 1: Not at all.
Score 2: Hardly.
Score 3: Somewhat.
Score 4: Rather.
Score 5: Very much."""


def judge():
    return OpenAILLM(model="prometheus", use_offline_batch_generation=True)


with Pipeline("rubric") as pipeline:
    load_data = LoadDataFromDicts(data=[{"instruction": "Comfort me."}, {"instruction": "Greet me."}])
    first, second = (
        TextGeneration(name=name, llm=OpenAILLM(model=name, use_offline_batch_generation=True))
        for name in ("calm", "curt")
    )
    group = GroupColumns(columns=["generation"], output_columns=["generations"])
    absolute = PrometheusEval(
        name="absolute", mode="absolute", rubric="kindness", rubrics={"kindness": RUBRIC}, llm=judge()
    )
    relative = PrometheusEval(name="relative", mode="relative", rubric="helpfulness", llm=judge())
    load_data >> [first, second]
    first >> absolute
    [first, second] >> group >> relative


def model_says(model, prompt):
    if model != "prometheus":
        return f"{model}: {prompt}"
    if "Is the answer kind?" in prompt:
        return "Feedback: It soothes. [RESULT] 4"
    return "Feedback: A is warmer. [RESULT] A" if "calm: Comfort me." in prompt else "A, I would say"


def check(distiset):
    assert set(distiset) == {"absolute", "relative"}
    assert distiset["absolute"]["train"]["result"][:] == [4, 4]
    assert distiset["absolute"]["train"]["feedback"][:] == ["It soothes."] * 2
    assert distiset["relative"]["train"]["result"][:] == ["A", None]
    assert distiset["relative"]["train"]["generations"][0] == ["calm: Comfort me.", "curt: Comfort me."]


if __name__ == "__main__":
    distiset = pipeline.run()
