"""Asking for a text about an image and the columns of a row."""

import base64
from io import BytesIO
from typing import Any, Literal

from distilabel._optional import require
from distilabel.exceptions import DistilabelUserError
from distilabel.steps.tasks.text_generation import TextGeneration
from distilabel.typing import ChatType, Row, StepColumns

__all__ = ["TextGenerationWithImage"]

# The first bytes of a file in base64; these four kinds are what platforms take:
# https://platform.openai.com/docs/guides/images-vision (November 2026)
_BEGINNINGS = {"iVBORw0KGg": "png", "/9j/": "jpeg", "R0lGOD": "gif", "UklGR": "webp"}


class TextGenerationWithImage(TextGeneration):
    """Ask for a text about an image; what is asked is written by a template from columns of the row.

    Attributes:
        image_type: What the column `image` holds: "url" (default), an address that the platform can reach; "base64",
            a file's bytes in base64, or a data URL; or "PIL", an image of the package Pillow (the extra `distilabel[vision]`), which is sent as PNG.
        system_prompt: Goes before each question; a row's own column `system_prompt` goes first.
        template: The question, in Jinja2; "{{ instruction }}" by default.
        columns: The columns that the template uses; "instruction" by default.

    Columns:
        In: `image`, those of `columns`, and `system_prompt` if there is one. Out: `generation` (None where there is no
        answer) and `model_name`.

    The question goes out as one message with a text part and an `image_url` part. Images of Pillow cannot be written
    into a Distiset: drop their column before a leaf. An image of a kind other than PNG, JPEG, GIF and WebP must be a
    data URL.

    References:
        https://platform.openai.com/docs/guides/images-vision

    Examples:
        >>> from distilabel.models.llms.base import LLM
        >>> class Scripted(LLM):
        ...     @property
        ...     def model_name(self):
        ...         return "scripted"
        ...     def generate(self, inputs, num_generations=1):
        ...         return [{"generations": [chat[-1]["content"][1]["type"]] * num_generations} for chat in inputs]
        >>> task = TextGenerationWithImage(llm=Scripted())
        >>> row = {"instruction": "What is this?", "image": "https://example.com/cat.png"}
        >>> next(task.process([row]))[0]["generation"]
        'image_url'
    """

    image_type: Literal["url", "base64", "PIL"] = "url"

    @property
    def inputs(self) -> StepColumns:
        """The image and the template's columns; `system_prompt` need not be there."""
        return {"image": True, **dict.fromkeys(self._names, True), "system_prompt": False}

    def format_input(self, input: Row) -> ChatType:
        """Return the system prompt, if any, and the question with the image.

        Raises:
            DistilabelUserError: The image is not what `image_type` says.
        """
        *before, question = super().format_input(input)
        parts: list[dict[str, Any]] = [
            {"type": "text", "text": question["content"]},
            {"type": "image_url", "image_url": {"url": self._address(input["image"])}},
        ]
        # The system prompt in parts as well: Arrow has no column that holds texts and lists.
        system: ChatType = [
            {"role": "system", "content": [{"type": "text", "text": message["content"]}]}
            for message in before
        ]
        return [*system, {"role": "user", "content": parts}]

    def _address(self, image: Any) -> str:
        if self.image_type == "PIL":
            return self._of_pillow(image)
        if not isinstance(image, str) or not image:
            raise DistilabelUserError(f"The column 'image' of {self.name!r} must hold text: {self._hint()}.")
        if self.image_type == "url" or image.startswith("data:"):
            return image
        for beginning, kind in _BEGINNINGS.items():
            if image.startswith(beginning):
                return f"data:image/{kind};base64,{image}"
        raise DistilabelUserError(
            f"The column 'image' of {self.name!r} holds no PNG, JPEG, GIF or WebP in base64: give a data URL instead.",
        )

    def _of_pillow(self, image: Any) -> str:
        if not hasattr(image, "save"):
            raise DistilabelUserError(
                f"The column 'image' of {self.name!r} must hold an image of Pillow: {self._hint()}."
            )
        file = BytesIO()
        image.save(file, format="PNG")
        return f"data:image/png;base64,{base64.b64encode(file.getvalue()).decode('ascii')}"

    def _hint(self) -> str:
        return f"`image_type` is {self.image_type!r}, and may be 'url', 'base64' or 'PIL'"

    def sample_input(self) -> Row:
        """Return a row of placeholders."""
        return {**super().sample_input(), "image": self._sample_image()}

    def _sample_image(self) -> Any:
        if self.image_type == "PIL":
            return require("PIL.Image", "vision").new("RGB", (1, 1))
        return (
            "https://example.com/image.png" if self.image_type == "url" else "data:image/png;base64,<IMAGE>"
        )
