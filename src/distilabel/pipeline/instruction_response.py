"""A predefined pipeline: a model writes instructions and responses without input data."""

from typing import Any

from pydantic import SecretStr

from distilabel.distiset import Distiset
from distilabel.models.llms.base import LLM
from distilabel.models.llms.inference_endpoints import InferenceEndpointsLLM
from distilabel.pipeline.pipeline import Pipeline
from distilabel.steps.tasks.magpie.magpie_generator import MagpieGenerator

__all__ = ["InstructionResponsePipeline"]

_MODEL = "meta-llama/Meta-Llama-3.1-8B-Instruct"
_SYSTEM_PROMPT = (
    "You are a creative assistant who gives clear, helpful and correct answers to whatever a user asks for."
)


class InstructionResponsePipeline:
    """A pipeline of one `MagpieGenerator`.

    It is not a `Pipeline` itself; its attribute `pipeline` is one.

    Args:
        llm: An LLM that writes the user's messages; see `MagpieGenerator`. By default Llama 3.1 8B Instruct behind an
            Inference Endpoint, whose address is in `HF_INFERENCE_BASE_URL`.
        system_prompt: One system prompt, a list of them, or a dict as for `MagpieGenerator`.
        hf_token: The key of the default LLM; by default `HF_TOKEN`.
        n_turns: The number of pairs of messages; more than one give a column `conversation`.
        num_rows: The number of rows.
        batch_size: The number of rows in one chunk.

    Columns:
        Out: those of `MagpieGenerator`: `instruction`, `response` and `model_name` by default.

    References:
        Magpie: Alignment Data Synthesis from Scratch by Prompting Aligned LLMs with Nothing,
        https://arxiv.org/abs/2406.08464

    Raises:
        DistilabelUserError: The LLM cannot write the user's messages; the message says which can.

    Examples:
        >>> from distilabel.llms import ClientvLLM
        >>> llm = ClientvLLM(
        ...     base_url="http://gpu-box:8000/v1", use_magpie_template=True, magpie_pre_query_template="qwen2"
        ... )
        >>> made = InstructionResponsePipeline(llm=llm, num_rows=100, batch_size=25)
        >>> made.pipeline.name
        'instruction-response'
    """

    def __init__(
        self,
        llm: LLM | None = None,
        system_prompt: Any = _SYSTEM_PROMPT,
        hf_token: str | None = None,
        n_turns: int = 1,
        num_rows: int = 10,
        batch_size: int = 1,
    ) -> None:
        with Pipeline(name="instruction-response") as self.pipeline:
            MagpieGenerator(
                name="magpie",
                llm=llm or _default_llm(hf_token),
                system_prompt=system_prompt,
                n_turns=n_turns,
                num_rows=num_rows,
                batch_size=batch_size,
            )

    def run(self, **arguments: Any) -> Distiset:
        """Run the pipeline; takes the arguments of `Pipeline.run`."""
        return self.pipeline.run(**arguments)


def _default_llm(hf_token: str | None) -> InferenceEndpointsLLM:
    return InferenceEndpointsLLM(
        model_id=_MODEL,
        api_key=None if hf_token is None else SecretStr(hf_token),
        use_magpie_template=True,
        magpie_pre_query_template="llama3",
        generation_kwargs={"temperature": 0.9, "max_new_tokens": 2048},
    )
