"""Posters: a model writes what is to be seen, an image model draws it, both by batch."""

from distilabel.llms import OpenAILLM
from distilabel.models import OpenAIImageGeneration
from distilabel.pipeline import Pipeline
from distilabel.steps import LoadDataFromDicts
from distilabel.steps.tasks import ImageGeneration, TextGeneration

with Pipeline(name="posters") as pipeline:
    load_data = LoadDataFromDicts(data=[{"topic": topic} for topic in ("tea", "rain", "trains")])
    describe = TextGeneration(
        template="Describe a poster on {{ topic }}.",
        columns=["topic"],
        llm=OpenAILLM(model="gpt-4o-mini", use_offline_batch_generation=True),
        output_mappings={"generation": "prompt", "model_name": "written_by"},
    )
    draw = ImageGeneration(
        image_generation_model=OpenAIImageGeneration(
            model="gpt-image-2", use_offline_batch_generation=True, generation_kwargs={"size": "1024x1024"}
        ),
    )
    load_data >> describe >> draw


def check(distiset):
    rows = distiset.transform_columns_to_image("image")["default"]["train"]
    assert rows["topic"][:] == ["tea", "rain", "trains"]
    assert all(f"a poster on {row['topic']}." in row["prompt"] for row in rows)
    assert len({row["image"].getpixel((0, 0)) for row in rows}) == 3
    assert {(row["written_by"], row["model_name"]) for row in rows} == {("gpt-4o-mini", "gpt-image-2")}


if __name__ == "__main__":
    distiset = pipeline.run()
