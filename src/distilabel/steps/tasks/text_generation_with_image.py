"""Generating text about an image and the columns of a row."""

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
    """Generate text about an image; a template makes the prompt from columns of the row.

    Attributes:
        image_type: The content of the column `image`: "url" (default), a URL that the platform can reach; "base64", a
            file's bytes in base64, or a data URL; or "PIL", a Pillow image (`distilabel[vision]`), which is sent as PNG.
        system_prompt: The system prompt; the row's column `system_prompt` takes precedence.
        template: The prompt, in Jinja2; "{{ instruction }}" by default.
        columns: The columns that the template uses; "instruction" by default.

    Columns:
        In: `image` and those of `columns`; optional: `system_prompt`. Out: `generation` (None where there is no answer)
        and `model_name`.

    The prompt is one message with a text part and an `image_url` part. A Distiset cannot contain Pillow images: drop their
    column before the last step. An image in a format other than PNG, JPEG, GIF and WebP must be a data URL.

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
        """The image and the template's columns; `system_prompt` is optional."""
        return {"image": True, **dict.fromkeys(self._names, True), "system_prompt": False}

    def format_input(self, input: Row) -> ChatType:
        """Return the chat of the optional system prompt, and the prompt with the image.

        Raises:
            DistilabelUserError: The image does not match `image_type`.
        """
        *before, question = super().format_input(input)
        parts: list[dict[str, Any]] = [
            {"type": "text", "text": question["content"]},
            {"type": "image_url", "image_url": {"url": self._address(input["image"])}},
        ]
        # The system prompt is a list of parts too: an Arrow column cannot hold both texts and lists.
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
            f"The column 'image' of {self.name!r} holds no PNG, JPEG, GIF or WebP in base64: use a data URL instead.",
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
