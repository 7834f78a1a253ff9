"""Generating images from prompts."""

import base64
import hashlib
import io
from typing import Any

from distilabel._optional import require
from distilabel.exceptions import DistilabelUserError
from distilabel.steps._core.artifacts import add_to_artifact
from distilabel.steps.tasks._core.trajectory import require_text
from distilabel.steps.tasks.image_task import ImageTask
from distilabel.typing import Row, StepColumns

__all__ = ["ImageGeneration"]


class ImageGeneration(ImageTask):
    """Generate an image from the prompt in each row, in real time or, with `OpenAIImageGeneration`, by offline batch.

    Attributes:
        save_artifacts: Whether to save the images also as files, in the artifact `images`; needs
            `pip install 'distilabel[vision]'`. False by default.
        image_format: The format of these files, in Pillow's notation, such as "JPEG" or "PNG".

    Columns:
        In: `prompt`. Out: `image` (the file in base64; `Distiset.transform_columns_to_image("image")` converts the column
        to images), with `save_artifacts` also `image_path` (relative to the pipeline's data folder), and `model_name`. A
        value that was not generated is None, with the reason in `distilabel_metadata`.

    Examples:
        >>> from distilabel.models.image_generation import ImageGenerationModel
        >>> class Blank(ImageGenerationModel):
        ...     @property
        ...     def model_name(self):
        ...         return "blank"
        ...     def generate(self, inputs, num_generations=1):
        ...         return [{"images": ["R0lGODlhAQABAAAAACw="]} for _ in inputs]
        >>> next(ImageGeneration(image_generation_model=Blank()).process([{"prompt": "A cat"}]))[0]["image"]
        'R0lGODlhAQABAAAAACw='
    """

    save_artifacts: bool = False
    image_format: str = "JPEG"

    @property
    def inputs(self) -> StepColumns:
        """The prompt."""
        return ["prompt"]

    @property
    def outputs(self) -> StepColumns:
        """The image, its path if it is saved as a file, and `model_name`."""
        return ["image", *(["image_path"] if self.save_artifacts else []), "model_name"]

    def load(self) -> None:
        """Load the model.

        Raises:
            DistilabelMissingPackageError: `save_artifacts` is set, and Pillow is not installed.
            DistilabelUserError: Pillow does not support the format.
        """
        if self.save_artifacts:
            pillow = require("PIL.Image", "vision")
            pillow.init()
            if _pillow_name(self.image_format) not in pillow.SAVE:
                raise DistilabelUserError(
                    f"Step {self.name!r} cannot write images as {self.image_format!r}: set image_format to one that Pillow "
                    'writes, such as "JPEG", "PNG" or "WEBP".',
                )
        super().load()

    def format_input(self, input: Row) -> str:
        """Return the prompt."""
        return require_text(input, "prompt")

    def format_output(self, output: str | None, input: Row) -> dict[str, Any]:  # noqa: ARG002 - public API
        """Return the image, and save it as a file if `save_artifacts` is set."""
        if not self.save_artifacts:
            return {"image": output}
        return {"image": output, "image_path": None if output is None else self._saved(output)}

    def _saved(self, image: str) -> str | None:
        """Save a file and return its path; on failure log a warning, and the image stays in its row."""
        folder = self.artifacts_directory
        if folder is None:
            self._logger.warning("Images are not saved: the step is not running in a pipeline.")
            return None
        try:
            content = base64.b64decode(image, validate=True)
            converted = _converted(content, self.image_format)
        except (OSError, ValueError) as error:
            self._logger.warning("An image of step %r cannot be saved: %s", self.name, error)
            return None
        name = f"{hashlib.blake2b(content, digest_size=16).hexdigest()}.{self.image_format.lower()}"
        path = add_to_artifact(folder, "images", name, converted, {"type": "image"})
        return path.relative_to(folder.parent.parent).as_posix()


def _pillow_name(image_format: str) -> str:
    return "JPEG" if image_format.upper() == "JPG" else image_format.upper()


def _converted(content: bytes, image_format: str) -> bytes:
    """Return an image file in another format, or unchanged if it has that format already."""
    wanted = _pillow_name(image_format)
    with require("PIL.Image", "vision").open(io.BytesIO(content)) as image:
        if image.format == wanted:
            return content
        file = io.BytesIO()
        # JPEG supports neither palettes nor transparency.
        (image.convert("RGB") if wanted == "JPEG" else image).save(file, wanted)
        return file.getvalue()
