"""The base class of tasks that prompt an image model."""

from collections.abc import Sequence
from typing import Any

from pydantic import Field, PositiveInt

from distilabel.config import RuntimeParameter
from distilabel.exceptions import DistilabelNotImplementedError, DistilabelStepError
from distilabel.models.image_generation.base import ImageGenerationModel, ImageOutput
from distilabel.steps._core.inputs import as_columns
from distilabel.steps.base import Step, StepInput
from distilabel.steps.tasks._core.rows import (
    Answer,
    Origin,
    attempt,
    failure_reason,
    grouped_row,
    log_failures,
    single_rows,
)
from distilabel.steps.tasks.base import print_chat
from distilabel.typing import FailureReason, Row, StepOutput

__all__ = ["ImageTask"]


class ImageTask(Step):
    """A step that prompts an image model with each row, in real time or by offline batch.

    Define `inputs`, `outputs`, `format_input`, which returns the prompt for a row, and `format_output`, which returns the
    columns for a base64 image.

    Attributes:
        image_generation_model: The image model.
        group_generations: Whether the images of a row become one row, with lists as values; by default each image becomes
            a row.
        add_raw_output: Whether `distilabel_metadata` keeps the image too, which is large; False by default.
        add_raw_input: Whether `distilabel_metadata` keeps the prompt; True by default.
        num_generations: How many images to request for each row; 1 by default.

    Columns:
        Each row gets the columns of `format_output`, `model_name`, and `distilabel_metadata` as in `Task`.

    Examples:
        >>> class Blank(ImageGenerationModel):
        ...     @property
        ...     def model_name(self):
        ...         return "blank"
        ...     def generate(self, inputs, num_generations=1):
        ...         return [{"images": ["R0lGODlhAQABAAAAACw="]} for _ in inputs]
        >>> class Sketch(ImageTask):
        ...     @property
        ...     def outputs(self):
        ...         return ["sketch", "model_name"]
        ...     def format_input(self, input):
        ...         return f"A sketch of {input['thing']}"
        ...     def format_output(self, output, input):
        ...         return {"sketch": output}
        >>> next(Sketch(image_generation_model=Blank()).process([{"thing": "a cat"}]))[0]["sketch"]
        'R0lGODlhAQABAAAAACw='
    """

    image_generation_model: ImageGenerationModel
    group_generations: bool = False
    add_raw_output: RuntimeParameter[bool] = Field(
        default=False, description="Whether distilabel_metadata keeps the image too."
    )
    add_raw_input: RuntimeParameter[bool] = Field(
        default=True, description="Whether distilabel_metadata keeps the prompt."
    )
    num_generations: RuntimeParameter[PositiveInt] = Field(
        default=1, description="How many images to request for each row."
    )

    def load(self) -> None:
        """Load the model."""
        super().load()
        self.image_generation_model.load()

    def unload(self) -> None:
        """Unload the model."""
        super().unload()
        self.image_generation_model.unload()

    def format_input(self, input: Row) -> str:  # noqa: ARG002 - the public API's name
        """Return the prompt for a row."""
        raise DistilabelNotImplementedError(f"{type(self).__name__} must define format_input(input).")

    def format_output(self, output: str | None, input: Row) -> dict[str, Any]:  # noqa: ARG002 - public API
        """Return the columns for a base64 image; `output` is None where there is none."""
        raise DistilabelNotImplementedError(
            f"{type(self).__name__} must define format_output(output, input)."
        )

    def process(self, inputs: StepInput) -> StepOutput:
        """Yield the rows with their images.

        Raises:
            DistilabelStepError: The model did not return one output for each row.
            DistilabelOfflineBatchGenerationNotFinishedException: Batch jobs are still running; process the same rows
                again later.
        """
        asked = [attempt("unformattable_input", self.format_input, row) for row in inputs]
        outputs = iter(self._generate([prompt for prompt, _ in asked if prompt is not None]))
        made = [
            self._answers(row, failure, next(outputs) if prompt is not None else {})
            for row, (prompt, failure) in zip(inputs, asked, strict=True)
        ]
        log_failures(self.name, [one.failure for answers, _ in made for one in answers])
        origin = Origin(self.name, self.image_generation_model.model_name)
        to_rows = grouped_row if self.group_generations else single_rows
        per_row = zip(inputs, made, asked, strict=True)
        yield [
            new
            for row, (answers, output), (prompt, _) in per_row
            for new in to_rows(origin, row, answers, output, prompt if self.add_raw_input else None)  # type: ignore[arg-type]
        ]

    def _generate(self, prompts: list[str]) -> Sequence[ImageOutput]:
        if not prompts:
            return []
        model = self.image_generation_model
        outputs = model.generate_outputs(prompts, self.num_generations or 1, **model.get_generation_kwargs())
        if len(outputs) != len(prompts):
            raise DistilabelStepError(
                f"Step {self.name!r} sent {len(prompts)} prompts and its model gave {len(outputs)} outputs: generate() "
                "must return one output for each input, in their order.",
            )
        return outputs

    def _answers(
        self, row: Row, failure: FailureReason | None, output: ImageOutput
    ) -> tuple[list[Answer], dict[str, Any]]:
        images = output.get("images") or [None] * (self.num_generations or 1)
        reasons = [*(output.get("failures") or []), *[None] * len(images)]
        answers = [
            self._read(row, image, failure or reason) for image, reason in zip(images, reasons, strict=False)
        ]
        return answers, {"generations": images, "statistics": output.get("statistics") or {}}

    def _read(self, row: Row, image: str | None, failure: FailureReason | None) -> Answer:
        columns, unread = attempt("unparseable_output", self.format_output, image, row)
        if image is None:
            unread = failure_reason("no_image", "The model returned no image.")
        names = (name for name in as_columns(self.outputs) if name != "model_name")
        raw = {"raw_output": image} if self.add_raw_output else {}
        return Answer(dict.fromkeys(names) if columns is None else columns, raw, failure or unread)

    def print(self, sample_input: Row | None = None) -> None:
        """Show the prompt for `sample_input`, by default a row of placeholders."""
        placeholders = {name: f"<{name.upper()}>" for name in as_columns(self.inputs)}
        print_chat(self.name, [{"role": "user", "content": self.format_input(sample_input or placeholders)}])
