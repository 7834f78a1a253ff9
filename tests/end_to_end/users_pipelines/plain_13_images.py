"""Images are drawn of prompts, left as files, and described again by a model that sees."""

import base64
import io

from PIL import Image

from distilabel.llms import OpenAILLM
from distilabel.models.image_generation import ImageGenerationModel
from distilabel.pipeline import Pipeline
from distilabel.steps import KeepColumns, LoadDataFromDicts
from distilabel.steps.tasks import ImageGeneration, TextGenerationWithImage


class Painter(ImageGenerationModel):
    """Stands for a custom model: a plain square."""

    @property
    def model_name(self):
        return "painter"

    def generate(self, inputs, num_generations=1, size=4):
        return [{"images": [square(prompt, size)] * num_generations} for prompt in inputs]


def square(colour, size):
    file = io.BytesIO()
    Image.new("RGB", (size, size), colour).save(file, "PNG")
    return base64.b64encode(file.getvalue()).decode()


with Pipeline(name="paint-and-tell") as pipeline:
    load_data = LoadDataFromDicts(data=[{"prompt": "red"}, {"prompt": "blue"}])
    paint = ImageGeneration(
        image_generation_model=Painter(generation_kwargs={"size": 8}),
        save_artifacts=True,
        image_format="PNG",
        output_mappings={"model_name": "painted_by"},
    )
    tell = TextGenerationWithImage(
        image_type="base64",
        llm=OpenAILLM(model="gpt-4o-mini"),
        template="Which colour is this? Not {{ other }}.",
        columns=["other"],
        input_mappings={"other": "prompt"},
    )
    (
        load_data
        >> paint
        >> tell
        >> KeepColumns(columns=["prompt", "image", "image_path", "generation", "painted_by"])
    )


def check(distiset):
    pictures = distiset.transform_columns_to_image("image")["default"]["train"]
    assert [row["image"].size for row in pictures] == [(8, 8)] * 2
    assert [row["image"].getpixel((0, 0)) for row in pictures] == [(255, 0, 0), (0, 0, 255)]
    for row in pictures:
        assert f"Not {row['prompt']}." in row["generation"]
        assert row["image_path"].endswith(".png")
        assert row["painted_by"] == "painter"
    assert len(list(distiset.artifacts_path.rglob("*.png"))) == 2


if __name__ == "__main__":
    distiset = pipeline.run()
