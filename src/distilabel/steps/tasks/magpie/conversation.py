"""What both Magpie tasks share: the settings, the choice of system prompt, the turns and the columns."""

import random
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from math import isclose
from typing import Any, Literal, TypeAlias

from pydantic import Field, PositiveInt

from distilabel.config import RuntimeParameter
from distilabel.exceptions import DistilabelUserError
from distilabel.models.llms.magpie import check_magpie
from distilabel.steps.tasks._core.trajectory import (
    Trajectory,
    check_multi_turn,
    finish_trajectories,
    step_trajectories,
)
from distilabel.steps.tasks.base import _BaseTask
from distilabel.typing import ChatItem, ChatType, Row, StepColumns

__all__ = ["MULTI_TURN", "MagpieTask", "SystemPrompt", "SystemPrompts"]

SystemPrompts: TypeAlias = str | list[str] | dict[str, str] | dict[str, tuple[str, float]] | None

MULTI_TURN = """\
You are a knowledgeable and friendly assistant in a conversation of several turns. The user is curious: after each of \
your answers the user comes back with something that follows from it, such as a question about a detail, an objection, \
a wish to go further or a request to do it differently. Stay with the subject, remember what was said before, and \
answer in full.
"""
"""The default system prompt of conversations of several turns (Magpie, section 2.2)."""


@dataclass(frozen=True, slots=True)
class SystemPrompt:
    """The system prompt of one conversation, and its key if it comes from a dict."""

    text: str | None
    key: str | None = None

    @property
    def chat(self) -> ChatType:
        """The chat that the prompt starts: one system message, or none."""
        return [{"role": "system", "content": self.text}] if self.text else []


class MagpieTask(_BaseTask):
    """The settings and methods that `Magpie` and `MagpieGenerator` share."""

    n_turns: RuntimeParameter[PositiveInt] = Field(
        default=1, description="How many pairs of messages to write."
    )
    end_with_user: RuntimeParameter[bool] = Field(
        default=False, description="Whether the conversation ends with a message of the user."
    )
    include_system_prompt: RuntimeParameter[bool] = Field(
        default=False, description="Whether the system prompt is part of the conversation in the row."
    )
    only_instruction: RuntimeParameter[bool] = Field(
        default=False, description="Whether to write an instruction without a response."
    )
    system_prompt: SystemPrompts = None

    @property
    def outputs(self) -> StepColumns:
        """The columns of the conversation, and `model_name`."""
        if self.only_instruction:
            written = ["instruction"]
        else:
            written = ["instruction", "response"] if self.n_turns == 1 else ["conversation"]
        return [
            *written,
            *(["system_prompt_key"] if isinstance(self.system_prompt, dict) else []),
            "model_name",
        ]

    def verify(self) -> None:
        """Check the settings and the LLM; raises DistilabelUserError."""
        check_multi_turn(self)
        check_magpie(self.llm, self.name)
        if self.only_instruction and (self.n_turns or 1) > 1:
            raise DistilabelUserError(
                f"Step {self.name!r} has only_instruction=True, so it writes one message: leave n_turns at 1, or remove "
                "only_instruction.",
            )
        if self.end_with_user and (self.n_turns or 1) == 1:
            raise DistilabelUserError(
                f"Step {self.name!r} has end_with_user=True and one turn, which is an instruction alone: use "
                "only_instruction=True instead of end_with_user, or more turns.",
            )
        self._check_system_prompt()

    def _check_system_prompt(self) -> None:
        prompts = self.system_prompt
        if isinstance(prompts, list | dict) and not prompts:
            raise DistilabelUserError(
                f"Step {self.name!r} has an empty system_prompt: remove it, or add a prompt."
            )
        values = prompts.values() if isinstance(prompts, dict) else ()
        weights = [value[1] for value in values if not isinstance(value, str)]
        if weights and (min(weights) < 0 or not isclose(sum(weights), 1.0, abs_tol=1e-6)):
            raise DistilabelUserError(
                f"The probabilities in the system_prompt of step {self.name!r} add up to {sum(weights):g}: they must add up "
                "to 1.",
            )

    def _pick_system_prompt(self, randomness: random.Random) -> SystemPrompt:
        prompts = self.system_prompt
        if prompts is None:
            return SystemPrompt(MULTI_TURN if (self.n_turns or 1) > 1 else None)
        if isinstance(prompts, str):
            return SystemPrompt(prompts)
        if isinstance(prompts, list):
            return SystemPrompt(randomness.choice(prompts))
        weighted = {key: (value, 1.0) if isinstance(value, str) else value for key, value in prompts.items()}
        key = randomness.choices(list(weighted), [weight for _, weight in weighted.values()])[0]
        return SystemPrompt(weighted[key][0], key)

    def _converse(self, trajectories: Sequence[Trajectory], prompts: Sequence[SystemPrompt]) -> list[Row]:
        """Let the model write all messages, turn by turn, and return the rows.

        Args:
            trajectories: From `start_trajectories`; `results` becomes the conversation.
            prompts: The system prompt of each.
        """
        keys = {id(trajectory): prompt.key for trajectory, prompt in zip(trajectories, prompts, strict=True)}
        for trajectory, prompt in zip(trajectories, prompts, strict=True):
            trajectory.results = list(prompt.chat)
        roles: list[Literal["user", "assistant"]] = ["user", "assistant"] * (self.n_turns or 1)
        for role in roles[:-1] if self.only_instruction or self.end_with_user else roles:
            step_trajectories(self, trajectories, _conversation_so_far, _message_reader(role))
        return finish_trajectories(
            self, trajectories, lambda one: self._columns(one, keys[id(one)], len(roles))
        )

    def _columns(self, trajectory: Trajectory, key: str | None, length: int) -> dict[str, Any]:
        messages = [message for message in trajectory.results if message["role"] != "system"]
        texts = [*(message["content"] for message in messages), None, None]
        is_complete = len(messages) == length - (1 if self.end_with_user else 0)
        conversation = trajectory.results if self.include_system_prompt else messages
        values = {
            "instruction": texts[0],
            "response": texts[1],
            "conversation": conversation if is_complete else None,
            "system_prompt_key": key,
        }
        return {name: values[name] for name in self.outputs if name != "model_name"}


def _conversation_so_far(trajectory: Trajectory) -> list[ChatType]:
    return [list(trajectory.results)]


def _message_reader(role: Literal["user", "assistant"]) -> Callable[[Trajectory, list[Any]], None]:
    def read(trajectory: Trajectory, texts: list[Any]) -> None:
        text = texts[0].strip()
        if not text:
            raise ValueError(f"the model wrote an empty message for the {role}")
        message: ChatItem = {"role": role, "content": text}
        trajectory.results.append(message)

    return read
