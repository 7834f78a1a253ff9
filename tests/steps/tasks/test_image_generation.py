"""Images of prompts: each row gets its own, or the reason why not, and a file if that is wanted."""

import base64
import io
from typing import Any

import pytest

from distilabel.exceptions import DistilabelStepError, DistilabelUserError
from distilabel.models.image_generation import ImageGenerationModel, OpenAIImageGeneration
from distilabel.pipeline import Pipeline
from distilabel.steps import LoadDataFromDicts, Step
from distilabel.steps.base import validate_step
from distilabel.steps.tasks import ImageGeneration

from .scripted import FAILURE, failure_of, run


def image(colour: str, kind: str = "PNG") -> str:
    pillow = pytest.importorskip("PIL.Image")
    file = io.BytesIO()
    pillow.new("RGBA" if kind == "PNG" else "RGB", (2, 2), colour).save(file, kind)
    return base64.b64encode(file.getvalue()).decode()


class Painter(ImageGenerationModel):
    """Paints the colour that the prompt names; refuses "bad", and has nothing for "none"."""

    count: int | None = None
    seen: list[Any] = []  # noqa: RUF012 - pydantic copies it

    @property
    def model_name(self) -> str:
        return "painter"

    def load(self) -> None:
        self.seen.append("load")

    def unload(self) -> None:
        self.seen.append("unload")

    def generate(self, inputs, num_generations=1, size: str = "small"):
        self.seen.append((inputs, num_generations, size))
        return [self._output(prompt, num_generations) for prompt in inputs][: self.count]

    def _output(self, prompt, count):
        match prompt:
            case "bad":
                return {"images": [None] * count, "failures": [FAILURE] * count}
            case "none":
                return {}
            case "junk":
                return {"images": ["bm8gaW1hZ2U="] * count}
        return {"images": [image(prompt)] * count, "statistics": {"output_tokens": [7] * count}}


def paint(**fields):
    return ImageGeneration(**{"name": "i", "image_generation_model": Painter(), **fields})


def test_each_row_gets_its_image():
    task = paint(image_generation_model=Painter(generation_kwargs={"size": "large"}))
    validate_step(task)
    rows = run(task, [{"prompt": "red"}, {"prompt": "blue"}])
    assert rows[1] == {
        "prompt": "blue",
        "image": image("blue"),
        "model_name": "painter",
        "distilabel_metadata": {"raw_input_i": "blue", "statistics_i": {"output_tokens": 7}},
    }
    assert rows[0]["image"] == image("red")
    assert task.image_generation_model.seen == [(["red", "blue"], 1, "large")]


def test_row_without_an_image_says_why_and_no_image_shifts():
    prompts = ["red", "bad", None, "none", "blue"]
    rows = run(paint(), [{"prompt": prompt} for prompt in prompts])
    assert [row["image"] for row in rows] == [image("red"), None, None, None, image("blue")]
    reasons = [failure_of(row, "i") and failure_of(row, "i")["code"] for row in rows]
    assert reasons == [None, "http_400", "unformattable_input", "no_image", None]


def test_several_images_of_a_row():
    rows = run(paint(num_generations=2), [{"prompt": "red"}, {"prompt": "none"}])
    assert [row["image"] for row in rows] == [image("red")] * 2 + [None] * 2
    (row,) = run(paint(num_generations=2, group_generations=True), [{"prompt": "red"}])
    assert row["image"] == [image("red")] * 2


def test_image_is_kept_raw_only_where_that_is_wanted():
    (row,) = run(paint(add_raw_output=True, add_raw_input=False), [{"prompt": "red"}])
    assert set(row["distilabel_metadata"]) == {"raw_output_i", "statistics_i"}


def test_nothing_is_asked_when_there_is_nothing_to_ask():
    task = paint()
    assert run(task, [{"prompt": " "}])[0]["image"] is None
    assert task.image_generation_model.seen == []


def test_wrong_number_of_outputs_never_shifts_rows():
    task = paint(image_generation_model=Painter(count=1))
    with pytest.raises(DistilabelStepError, match="sent 2 prompts and its model gave 1 outputs"):
        run(task, [{"prompt": "red"}, {"prompt": "blue"}])


@pytest.mark.parametrize(("image_format", "kind"), [("JPEG", "JPEG"), ("png", "PNG"), ("jpg", "JPEG")])
def test_files_are_left_beside_the_rows_in_the_wanted_format(tmp_path, image_format, kind):
    pillow = pytest.importorskip("PIL.Image")
    task = paint(save_artifacts=True, image_format=image_format)
    task.load()
    task.artifacts_directory = tmp_path / "artifacts" / "i"
    rows = [*run(task, [{"prompt": "red"}]), *run(task, [{"prompt": "blue"}])]
    assert len({row["image_path"] for row in rows}) == 2
    for row in rows:
        assert row["image_path"].startswith("artifacts/i/images/")
        with pillow.open(tmp_path / row["image_path"]) as saved:
            assert saved.format == kind
    assert rows[0]["image"] == image("red")


def test_image_that_cannot_be_saved_stays_in_its_row(tmp_path, caplog):
    task = paint(save_artifacts=True)
    task.artifacts_directory = tmp_path / "artifacts" / "i"
    (row,) = run(task, [{"prompt": "junk"}])
    assert (row["image"], row["image_path"]) == ("bm8gaW1hZ2U=", None)
    assert "cannot be saved" in caplog.text
    task.artifacts_directory = None
    (row,) = run(task, [{"prompt": "red"}])
    assert (row["image"], row["image_path"]) == (image("red"), None)
    assert "not running in a pipeline" in caplog.text


def test_pipeline_makes_images_by_batch(fast_platform):
    def make():
        with Pipeline("by-batch") as pipeline:
            model = OpenAIImageGeneration(model="gpt-image-2", use_offline_batch_generation=True)
            load = LoadDataFromDicts(data=[{"prompt": text} for text in ("red", None, "blue")], batch_size=1)
            load >> paint(
                image_generation_model=model, save_artifacts=True, image_format="PNG", num_generations=2
            )
        return pipeline

    assert len(make().run()) == 0
    fast_platform.wait()
    distiset = make().run()
    rows = list(distiset["default"]["train"])
    assert [row["prompt"] for row in rows] == ["red"] * 2 + [None] * 2 + ["blue"] * 2
    assert [row["image"] is None for row in rows] == [False, False, True, True, False, False]
    assert len({row["image"] for row in rows}) == 5
    for row in rows[:2]:
        with pytest.importorskip("PIL.Image").open(
            distiset.artifacts_path.parent / row["image_path"]
        ) as saved:
            assert saved.size == (8, 8)
    assert list(make().run()["default"]["train"]) == rows
    assert sorted(line["body"]["prompt"] for line in fast_platform.lines()) == ["blue", "blue", "red", "red"]


def test_format_that_cannot_be_written_is_reported_before_anything_is_paid_for():
    with pytest.raises(DistilabelUserError, match="cannot write images as 'JPGE'"):
        paint(save_artifacts=True, image_format="JPGE").load()


def test_task_comes_back_from_a_dump_and_loads_its_model():
    task = paint()
    again = Step.from_dict(task.dump(), allow=("distilabel", Painter.__module__.partition(".")[0]))
    assert again.dump() == task.dump()
    task.load()
    task.unload()
    assert task.image_generation_model.seen == ["load", "unload"]


def test_print_shows_the_prompt(capsys):
    paint().print()
    assert "<PROMPT>" in capsys.readouterr().out


def test_pipeline_gives_images_that_the_dataset_can_show(tmp_path):
    with Pipeline("images", cache_dir=tmp_path) as pipeline:
        (
            LoadDataFromDicts(data=[{"prompt": "red"}, {"prompt": "blue"}, {"prompt": "bad"}])
            >> paint(save_artifacts=True, image_format="PNG")
        )
    distiset = pipeline.run()
    rows = list(distiset["default"]["train"])
    assert [row["image"] for row in rows] == [image("red"), image("blue"), None]
    assert (distiset.artifacts_path.parent / rows[0]["image_path"]).exists()
    assert distiset.failures == {"i": 1}
    shown = distiset.transform_columns_to_image("image")["default"]["train"]
    assert shown[1]["image"].size == (2, 2)
