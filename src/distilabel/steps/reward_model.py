"""Scoring responses with a reward model in this process."""

import math
from collections.abc import Sequence
from typing import Any, ClassVar, Optional

from pydantic import Field, PrivateAttr, SecretStr

from distilabel._optional import require
from distilabel.config import RuntimeParameter
from distilabel.exceptions import DistilabelUserError
from distilabel.models.cuda_devices import CudaDevices, set_visible_devices
from distilabel.models.pretrained import EXTRA, load_model, load_tokenizer
from distilabel.steps._core.row_errors import UnusableRowError, text_values, unusable_row
from distilabel.steps.base import Step, StepInput
from distilabel.typing import ChatType, Row, StepColumns, StepOutput

__all__ = ["RewardModelScore"]


class RewardModelScore(Step):
    """Score each response with a reward model, a sequence classifier of transformers with one output.

    All rows of a chunk are one batch: choose an `input_batch_size` that fits into memory. In a pipeline the step runs in a
    worker process; `StepResources(gpus=1)` gives it a GPU. A row without a response gets None, and `distilabel_metadata`
    holds the reason as `failure_<step>`.

    Attributes:
        model: The model's name on the Hub, or a folder.
        revision: A branch, tag or commit of the model, "main" by default.
        torch_dtype: The data type of the weights, such as "bfloat16"; by default "auto", the type of the stored weights.
        trust_remote_code: Whether code that comes with the model may run, as ArmoRM requires; False by default.
        device_map: Such as "auto", which spreads the model over all devices; by default an accelerator if there is one.
        token: The Hub's token; by default HF_TOKEN, or the token of the last login. It is never written to a file.
        truncation: Whether chats that are too long are cut; True by default.
        max_length: The maximum number of tokens of a chat; by default the tokenizer's limit.
        cuda_devices: The indices of the visible GPUs; by default "auto", those that the process sees.
        disable_cuda_device_placement: Whether to ignore `cuda_devices`; False by default.

    Columns:
        In: `instruction` and `response` (texts), or `conversation` (a chat that ends with the response), which takes
        precedence. Out: `score` (a number; higher is better).

    Raises:
        DistilabelUserError: The model returns several numbers, and none of them is the score.
        DistilabelMissingPackageError: Install `distilabel[transformers]`.

    References:
        Interpretable Preferences via Multi-Objective Reward Modeling and Mixture-of-Experts,
        https://arxiv.org/abs/2406.12845; Learning to summarize from human feedback, https://arxiv.org/abs/2009.01325

    Examples:
        >>> step = RewardModelScore(model="RLHFlow/ArmoRM-Llama3-8B-v0.1", trust_remote_code=True)
        >>> step.outputs
        ['score']
    """

    in_process: ClassVar[bool] = True
    excluded_from_signature: ClassVar[frozenset[str]] = frozenset(
        {"device_map", "cuda_devices", "disable_cuda_device_placement"}
    )

    model: str
    revision: str = "main"
    torch_dtype: str = "auto"
    trust_remote_code: bool = False
    device_map: Optional[str | dict[str, Any]] = None
    token: Optional[SecretStr] = None
    truncation: bool = True
    max_length: Optional[int] = Field(default=None, gt=0)
    cuda_devices: RuntimeParameter[CudaDevices] = Field(default="auto", description="The visible GPUs.")
    disable_cuda_device_placement: RuntimeParameter[bool] = Field(
        default=False, description="Whether to ignore `cuda_devices`."
    )

    _model: Any = PrivateAttr(default=None)
    _tokenizer: Any = PrivateAttr(default=None)

    @property
    def inputs(self) -> StepColumns:
        """An instruction and its response, or a conversation."""
        return {"instruction": False, "response": False, "conversation": False}

    @property
    def outputs(self) -> StepColumns:
        """The score."""
        return ["score"]

    def load(self) -> None:
        """Load the weights and the tokenizer; raises DistilabelMissingPackageError."""
        super().load()
        set_visible_devices(self.cuda_devices, disabled=self.disable_cuda_device_placement)
        how: dict[str, Any] = {
            "token": self.token, "revision": self.revision, "trust_remote_code": self.trust_remote_code
        }  # fmt: skip
        self._model = load_model(
            "AutoModelForSequenceClassification", self.model, dtype=self.torch_dtype, device_map=self.device_map, **how
        )  # fmt: skip
        self._tokenizer = load_tokenizer(self.model, **how)
        if self._model.config.pad_token_id is None:
            self._model.config.pad_token_id = self._tokenizer.pad_token_id

    def unload(self) -> None:
        """Release the weights."""
        super().unload()
        self._model = self._tokenizer = None

    def process(self, inputs: StepInput) -> StepOutput:
        """Yield the rows with their scores."""
        rows: list[Row] = []
        chats: dict[int, ChatType] = {}
        for number, row in enumerate(inputs):
            try:
                chats[number] = _chat(row)
                rows.append(row)
            except UnusableRowError as error:
                rows.append(unusable_row(self, row, str(error)))
        for number, score in zip(chats, self._scores(list(chats.values())), strict=True):
            # JSON cannot represent NaN or infinity.
            known = {**inputs[number], "score": score}
            rows[number] = (
                known
                if math.isfinite(score)
                else unusable_row(self, inputs[number], "The score is not a finite number.")
            )
        yield rows

    def _scores(self, chats: Sequence[ChatType]) -> list[float]:
        if not chats:
            return []
        encoded = self._encoded(chats).to(self._model.device)
        with require("torch", EXTRA).inference_mode():
            output = self._model(**encoded)
        # Models with custom code, such as ArmoRM, return the score by name.
        found = getattr(output, "score", None)
        scores = (output.logits if found is None else found).float().cpu().reshape(len(chats), -1)
        if scores.shape[1] != 1:
            raise DistilabelUserError(
                f"Step {self.name!r} needs a model that returns one score, and {self.model!r} returns {scores.shape[1]} "
                "numbers: use a reward model."
            )
        return [float(score) for score in scores[:, 0]]

    def _encoded(self, chats: Sequence[ChatType]) -> Any:
        how = {
            "return_tensors": "pt", "padding": True, "padding_side": "right", "truncation": self.truncation,
            "max_length": self.max_length,
        }  # fmt: skip
        tokenizer = self._tokenizer
        if tokenizer.chat_template:
            texts = [tokenizer.apply_chat_template(chat, tokenize=False) for chat in chats]
            return tokenizer(texts, add_special_tokens=False, **how)
        # Encoders take the instruction and the response as a pair.
        questions = ["\n\n".join(str(message["content"]) for message in chat[:-1]) for chat in chats]
        return tokenizer(questions, [str(chat[-1]["content"]) for chat in chats], **how)


def _chat(row: Row) -> ChatType:
    """Return the chat of a row; raises UnusableRowError."""
    if chat := row.get("conversation"):
        return list(chat)
    instruction, response = text_values(row, ["instruction", "response"])
    return [{"role": "user", "content": instruction}, {"role": "assistant", "content": response}]
