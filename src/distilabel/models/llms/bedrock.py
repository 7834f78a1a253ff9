"""LLMs behind AWS Bedrock."""

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
    """A model behind the Converse API of AWS Bedrock.

    Calls are signed with the default credentials of AWS (`pip install 'distilabel[aws]'`). Online, a Bedrock API key can be
    used instead (`api_key`). In batch jobs, an S3 bucket contains the requests and the results. You need permission to
    read, list and write it; the role needs permission to read and write it. AWS requires at least 100 requests for a
    job, or another number for some models. A smaller job fails with AWS's reason.

    Chats are in OpenAI's format. System messages, text and image parts (data URLs and s3:// URLs), tool calls and tool
    results are converted to Converse's format. Parts in Converse's own format are sent unchanged. Tools work online only.

    Attributes:
        model: The id of a model or of an inference profile, such as `us.anthropic.claude-sonnet-5-v1:0`, or an ARN.
        base_url: One address for Bedrock, its runtime and S3; default: `AWS_ENDPOINT_URL`, or AWS's addresses of the region.
        api_key: A Bedrock API key, for online use. By default calls are signed instead.
        region: For example `us-east-1`; default: `AWS_REGION` or `AWS_DEFAULT_REGION`.
        bucket: The name of the bucket for batch jobs; default: `BEDROCK_BATCH_BUCKET`.
        role_arn: The role with which batch jobs read and write the bucket; default: `BEDROCK_BATCH_ROLE_ARN`.
        structured_output: The structure of every answer: `{"schema": <pydantic model or JSON schema>}`, sent
            as Converse's `outputConfig`, which some models do not support.

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
                "A Bedrock API key gives no access to S3, which batch jobs need: remove api_key, so that calls are signed with "
                "AWS credentials, or set use_offline_batch_generation=False."
            )
        return self

    def request(  # noqa: D417 - the other arguments have the API's names
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
        """Return the body of the request for one input; None values are left out.

        Args:
            input: A chat, or a chat and the structure of its answer.
            max_tokens: The maximum number of tokens to generate, at least 1.
            temperature: From 0 to 1.
            top_p: From 0 to 1.
            additional_model_request_fields: Fields that only this model supports, such as
                `{"thinking": {"type": "enabled", "budget_tokens": 2048}}`.
            guardrail_config: For example `{"guardrailIdentifier": "abc", "guardrailVersion": "1"}`.
            tools: Tools in OpenAI's or in Converse's format; online only.
            tool_choice: `auto`, `any`, `required`, `none`, or a tool in OpenAI's or in Converse's format.
            extra_body: Further fields of the body, sent unchanged; they override all others.

        Raises:
            DistilabelUserError: An argument is out of range, or tools are set for batch jobs.
        """
        chat, structure = input if isinstance(input, tuple) else (input, None)
        check_ranges(max_tokens=(max_tokens, 1, None), temperature=(temperature, 0, 1), top_p=(top_p, 0, 1))
        tool_config = converse_tools(tools, tool_choice)
        if tool_config and self.use_offline_batch_generation:
            raise DistilabelUserError(
                "AWS Bedrock supports no tools in batch jobs: remove `tools`, or set use_offline_batch_generation=False."
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
