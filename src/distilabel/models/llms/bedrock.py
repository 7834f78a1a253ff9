"""Models behind AWS Bedrock, online and by batch."""

import os
from typing import Any, ClassVar, Optional, Self

from pydantic import model_validator

from distilabel.config import RuntimeParameter
from distilabel.exceptions import DistilabelUserError
from distilabel.models.llms.converse import converse_chat, converse_output, converse_tools
from distilabel.models.llms.parameter_ranges import check_ranges
from distilabel.models.llms.remote import RemoteLLM
from distilabel.providers.aws.bedrock import ENDPOINT, Bedrock
from distilabel.providers.aws.common import bedrock_address
from distilabel.providers.base import Provider
from distilabel.typing import FormattedInput, StructuredOutputType

__all__ = ["BedrockLLM"]


class BedrockLLM(RemoteLLM):
    """A model behind AWS Bedrock, asked by Converse.

    Calls are signed with the credentials that AWS's own tools find (`pip install 'distilabel[aws]'`); online, an API key
    of Bedrock's may be given as `api_key` instead. By batch, requests and results lie in a bucket of S3, which you must be
    allowed to read, list and write, and which the role must be allowed to read and write. A job wants 100 requests or
    more, a quota that AWS may change for a model: one that has fewer fails with the reason that AWS gives.

    Chats are given in OpenAI's shape: system messages, text and image parts (data URLs and s3:// addresses), calls of
    tools and their results are turned into Converse's. Parts in Converse's own shape are sent as they are. Tools can be
    used online only.

    Attributes:
        model: The id of a model or of an inference profile, such as `us.anthropic.claude-sonnet-5-v1:0`, or an ARN.
        base_url: One address for Bedrock, its runtime and S3; default: `AWS_ENDPOINT_URL`, or AWS's own of the region.
        api_key: Bedrock's API key, for online use. Default: none; calls are signed.
        region: Such as `us-east-1`; default: `AWS_REGION` or `AWS_DEFAULT_REGION`.
        bucket: By batch, the bucket's name; default: `BEDROCK_BATCH_BUCKET`.
        role_arn: By batch, the role as which Bedrock reads and writes the bucket; default: `BEDROCK_BATCH_ROLE_ARN`.
        structured_output: What every answer must look like: `{"schema": <pydantic model or JSON schema>}`; becomes
            Converse's `outputConfig`, which not every model takes.

    References:
        https://docs.aws.amazon.com/bedrock/latest/userguide/batch-inference.html,
        https://docs.aws.amazon.com/bedrock/latest/APIReference/API_runtime_Converse.html

    Examples:
        >>> llm = BedrockLLM(model="us.anthropic.claude-sonnet-5-v1:0", region="us-east-1", bucket="my-bucket")
        >>> llm.request([{"role": "user", "content": "Hi"}], temperature=0.2)
        {'messages': [{'role': 'user', 'content': [{'text': 'Hi'}]}], 'inferenceConfig': {'temperature': 0.2}}
    """

    platform_name: ClassVar[str] = "bedrock"
    endpoint: ClassVar[str] = ENDPOINT

    region: Optional[RuntimeParameter[str]] = None
    bucket: Optional[RuntimeParameter[str]] = None
    role_arn: Optional[RuntimeParameter[str]] = None
    structured_output: Optional[RuntimeParameter[StructuredOutputType]] = None

    @model_validator(mode="after")
    def _check_key(self) -> Self:
        if self.use_offline_batch_generation and self.api_key:
            raise DistilabelUserError(
                "An API key of Bedrock's does not open S3, through which batches go: leave api_key out, so that calls are "
                "signed with AWS's credentials, or set use_offline_batch_generation=False."
            )
        return self

    def request(  # noqa: D417 - the last ones are described together
        self,
        input: FormattedInput,
        max_tokens: Optional[int] = None,
        temperature: Optional[float] = None,
        top_p: Optional[float] = None,
        stop_sequences: Optional[list[str]] = None,
        additional_model_request_fields: Optional[dict[str, Any]] = None,
        guardrail_config: Optional[dict[str, Any]] = None,
        tools: Optional[list[dict[str, Any]]] = None,
        tool_choice: Optional[str | dict[str, Any]] = None,
        extra_body: Optional[dict[str, Any]] = None,
    ) -> dict[str, Any]:
        """Return the body of the request for one input; what is None is left out.

        Args:
            input: A chat, or a chat and the structure of its answer.
            max_tokens: The most tokens to generate, at least 1.
            temperature: From 0 to 1.
            top_p: From 0 to 1.
            additional_model_request_fields: What one model takes beside the fields that all take, such as
                `{"thinking": {"type": "enabled", "budget_tokens": 2048}}`.
            guardrail_config: Such as `{"guardrailIdentifier": "abc", "guardrailVersion": "1"}`.
            tools: In OpenAI's shape or in Converse's; online only.
            tool_choice: A word (`auto`, `any`, `required`, `none`), or a tool in OpenAI's shape or in Converse's.
            extra_body: Further fields of the body, sent as they are; they go before all others.

        Raises:
            DistilabelUserError: An argument is out of range, or tools are given for a batch.
        """
        chat, structure = input if isinstance(input, tuple) else (input, None)
        check_ranges(max_tokens=(max_tokens, 1, None), temperature=(temperature, 0, 1), top_p=(top_p, 0, 1))
        tool_config = converse_tools(tools, tool_choice)
        if tool_config and self.use_offline_batch_generation:
            raise DistilabelUserError(
                "AWS Bedrock takes no tools by batch: leave `tools` out, or set use_offline_batch_generation=False."
            )
        inference = {
            "maxTokens": max_tokens,
            "temperature": temperature,
            "topP": top_p,
            "stopSequences": stop_sequences,
        }
        body = {
            **converse_chat(chat),
            "inferenceConfig": {name: value for name, value in inference.items() if value is not None}
            or None,
            "additionalModelRequestFields": additional_model_request_fields,
            "guardrailConfig": guardrail_config,
            "toolConfig": tool_config,
            "outputConfig": converse_output(structure or self.structured_output),
        }
        return {name: value for name, value in body.items() if value is not None} | (extra_body or {})

    def _provider(self) -> Provider:
        return Bedrock(self.bucket, self.role_arn, self._address())

    def _address(self) -> str:
        return bedrock_address(self.base_url or os.environ.get("AWS_ENDPOINT_URL") or "", self.region)
