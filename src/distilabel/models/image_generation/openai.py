"""Image models of OpenAI."""

from typing import Any, ClassVar, Optional

from distilabel.exceptions import DistilabelUserError
from distilabel.models.image_generation.remote import RemoteImageGeneration

__all__ = ["OpenAIImageGeneration"]


class OpenAIImageGeneration(RemoteImageGeneration):
    """An image model behind OpenAI's API or a server with the same API.

    Attributes:
        model: For example `gpt-image-2`.
        base_url: Default: `OPENAI_BASE_URL`, or `https://api.openai.com/v1`.
        api_key: Default: `OPENAI_API_KEY`. Never written anywhere.
        max_retries: How often a failed call is repeated, if that is safe.
        timeout: Seconds without a byte from the platform until a call fails.

    In batch jobs, the lines of a result file contain the images; an image of 1024x1024 pixels needs some megabytes.

    References:
        https://platform.openai.com/docs/api-reference/images/create,
        https://platform.openai.com/docs/api-reference/batch/create: `/v1/images/generations` is an endpoint for
        batches; the page of each model tells whether it supports batches (November 2026)

    Examples:
        >>> model = OpenAIImageGeneration(model="gpt-image-2", api_key="...", generation_kwargs={"size": "1024x1024"})
        >>> model.request("A green chair", size="1024x1024")
        {'model': 'gpt-image-2', 'prompt': 'A green chair', 'size': '1024x1024'}
    """

    platform_name: ClassVar[str] = "openai"

    def request(  # noqa: D417 - the other arguments are documented on OpenAI's page
        self,
        input: str,
        size: Optional[str] = None,
        quality: Optional[str] = None,
        style: Optional[str] = None,
        background: Optional[str] = None,
        moderation: Optional[str] = None,
        output_format: Optional[str] = None,
        output_compression: Optional[int] = None,
        response_format: Optional[str] = None,
        extra_body: Optional[dict[str, Any]] = None,
    ) -> dict[str, Any]:
        """Return the body of the request for one image; None values are left out.

        Args:
            input: The prompt.
            size: For example `1024x1024`.
            quality: For example `high`.
            output_format: `png`, `jpeg` or `webp`.
            response_format: `b64_json` for servers that return URLs by default; OpenAI's models always return the image.
            extra_body: Further fields of the body, sent unchanged; they override all others.

        Raises:
            DistilabelUserError: `response_format` is `url`.
        """
        if response_format == "url":
            raise DistilabelUserError(
                "Images are stored as files, since image URLs expire: set response_format='b64_json'."
            )
        body = {
            "model": self.model,
            "prompt": input,
            "size": size,
            "quality": quality,
            "style": style,
            "background": background,
            "moderation": moderation,
            "output_format": output_format,
            "output_compression": output_compression,
            "response_format": response_format,
        }
        return {name: value for name, value in body.items() if value is not None} | (extra_body or {})
