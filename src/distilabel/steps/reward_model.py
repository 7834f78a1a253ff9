"""Scoring answers, by a reward model in this process."""

import math
from collections.abc import Sequence
from typing import Any, ClassVar, Optional

from pydantic import Field, PrivateAttr, SecretStr

from distilabel._optional import require
from distilabel.config import RuntimeParameter
from distilabel.exceptions import DistilabelUserError
from distilabel.models.devices import CudaDevices, see_devices
from distilabel.models.weights import EXTRA, load_model, load_tokenizer
from distilabel.steps._core.row_errors import UnusableRowError, text_values, unusable_row
from distilabel.steps.base import Step, StepInput
from distilabel.typing import ChatType, Row, StepColumns, StepOutput

__all__ = ["RewardModelScore"]


class RewardModelScore(Step):
    """Give each answer the score of a reward model: a classifier of transformers with one number; needs `distilabel[transformers]`.

    All rows of a chunk are one batch: set `input_batch_size` to what the memory holds. In a pipeline the step runs in a
    worker process; `StepResources(gpus=1)` gives it a GPU. A row that has nothing to score gets None, and
    `distilabel_metadata` says why as `failure_<step>`.

    Attributes:
        model: The model's name on the Hub, or a folder.
        revision: A branch, tag or commit of the model, "main" by default.
        torch_dtype: Of its numbers, such as "bfloat16"; by default "auto", as they are stored.
        trust_remote_code: Whether code that comes with the model may run, as ArmoRM needs it; False by default.
        device_map: Such as "auto", which spreads the model over all devices; by default an accelerator if there is one.
        token: The Hub's token; by default HF_TOKEN, or that of the last login. Never written anywhere.
        truncation: Whether chats that are too long are cut, as they are by default.
        max_length: The most tokens of a chat, where it is cut; by default what the tokenizer says.
        cuda_devices: Numbers of the GPUs to see; by default "auto", those that the process sees.
        disable_cuda_device_placement: Whether `cuda_devices` is to mean nothing; False by default.

    Columns:
        In: `instruction` and `response` (texts), or `conversation` (a chat that ends with the answer), which goes first.
        Out: `score` (a number; higher is better).

    Raises:
        DistilabelUserError: The model gives several numbers, and none of them is the score.
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
    cuda_devices: RuntimeParameter[CudaDevices] = Field(default="auto", description="The GPUs to see.")
    disable_cuda_device_placement: RuntimeParameter[bool] = Field(
        default=False, description="Whether `cuda_devices` is to mean nothing."
    )

    _model: Any = PrivateAttr(default=None)
    _tokenizer: Any = PrivateAttr(default=None)

    @property
    def inputs(self) -> StepColumns:
        """A question and its answer, or a chat."""
        return {"instruction": False, "response": False, "conversation": False}

    @property
    def outputs(self) -> StepColumns:
        """The score."""
        return ["score"]

    def load(self) -> None:
        """Load the weights and the tokenizer; raises DistilabelMissingPackageError."""
        super().load()
        see_devices(self.cuda_devices, disabled=self.disable_cuda_device_placement)
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
        """Let the weights go."""
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
            # JSON has no number for what is none.
            known = {**inputs[number], "score": score}
            rows[number] = (
                known
                if math.isfinite(score)
                else unusable_row(self, inputs[number], "The score is no number.")
            )
        yield rows

    def _scores(self, chats: Sequence[ChatType]) -> list[float]:
        if not chats:
            return []
        encoded = self._encoded(chats).to(self._model.device)
        with require("torch", EXTRA).inference_mode():
            output = self._model(**encoded)
        # Models with code of their own, such as ArmoRM, name what they mean.
        found = getattr(output, "score", None)
        scores = (output.logits if found is None else found).float().cpu().reshape(len(chats), -1)
        if scores.shape[1] != 1:
            raise DistilabelUserError(
                f"Step {self.name!r} needs a model that gives one score, and {self.model!r} gives {scores.shape[1]} numbers: "
                "take a reward model."
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
        # Encoders take question and answer as a pair.
        questions = ["\n\n".join(str(message["content"]) for message in chat[:-1]) for chat in chats]
        return tokenizer(questions, [str(chat[-1]["content"]) for chat in chats], **how)


def _chat(row: Row) -> ChatType:
    """Give the chat that a row holds; raises UnusableRowError."""
    if chat := row.get("conversation"):
        return list(chat)
    instruction, response = text_values(row, ["instruction", "response"])
    return [{"role": "user", "content": instruction}, {"role": "assistant", "content": response}]
