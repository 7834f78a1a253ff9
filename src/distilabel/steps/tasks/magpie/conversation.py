"""Having a model talk to itself: the turns, the system prompts, and the columns, for both tasks of Magpie."""

import random
from collections.abc import Sequence
from dataclasses import dataclass
from math import isclose
from typing import Any, Protocol, TypeAlias

from distilabel.exceptions import DistilabelUserError
from distilabel.models.llms.magpie import check_magpie
from distilabel.steps.tasks._core.asking import LLMTask
from distilabel.steps.tasks._core.trajectory import Trajectory, check_turns, finish, step
from distilabel.typing import ChatItem, ChatType, Row

__all__ = ["MULTI_TURN", "Choice", "MagpieTask", "SystemPrompts", "check", "choose", "columns", "converse"]

SystemPrompts: TypeAlias = str | list[str] | dict[str, str] | dict[str, tuple[str, float]] | None

MULTI_TURN = """\
You are a knowledgeable and friendly assistant in a conversation of several turns. The user is curious: after each of \
your answers the user comes back with something that follows from it, such as a question about a detail, an objection, \
a wish to go further or a request to do it differently. Stay with the subject, remember what was said before, and \
answer in full.
"""
"""The system prompt of conversations of several turns, where none is given (Magpie, section 2.2)."""


class MagpieTask(LLMTask, Protocol):
    """What both tasks have."""

    n_turns: int | None
    end_with_user: bool | None
    include_system_prompt: bool | None
    only_instruction: bool | None
    system_prompt: SystemPrompts


@dataclass(frozen=True, slots=True)
class Choice:
    """A system prompt, and its key where it was picked out of a dict."""

    text: str | None
    key: str | None = None


def check(task: MagpieTask) -> None:
    """Check the settings against one another and the LLM; raises DistilabelUserError."""
    check_turns(task)
    check_magpie(task.llm, task.name)
    if task.only_instruction and (task.n_turns or 1) > 1:
        raise DistilabelUserError(
            f"Step {task.name!r} is to write one instruction alone: leave n_turns at 1, or only_instruction out.",
        )
    if task.end_with_user and (task.n_turns or 1) == 1:
        raise DistilabelUserError(
            f"A conversation of one turn that ends with the user is an instruction: give step {task.name!r} "
            "only_instruction=True in the place of end_with_user, or more turns.",
        )
    _check_prompts(task.name, task.system_prompt)


def _check_prompts(step: str, prompts: SystemPrompts) -> None:
    if isinstance(prompts, list | dict) and not prompts:
        raise DistilabelUserError(f"Step {step!r} has an empty system_prompt: leave it out, or give one.")
    weights = (
        [value[1] for value in prompts.values() if not isinstance(value, str)]
        if isinstance(prompts, dict)
        else []
    )
    if weights and (min(weights) < 0 or not isclose(sum(weights), 1.0, abs_tol=1e-6)):
        raise DistilabelUserError(
            f"The probabilities in the system_prompt of step {step!r} add up to {sum(weights):g}: they must add up to 1.",
        )


def choose(task: MagpieTask, chance: random.Random) -> Choice:
    """Pick the system prompt of one conversation."""
    prompts = task.system_prompt
    if prompts is None:
        return Choice(MULTI_TURN if (task.n_turns or 1) > 1 else None)
    if isinstance(prompts, str):
        return Choice(prompts)
    if isinstance(prompts, list):
        return Choice(chance.choice(prompts))
    weighted = {key: (value, 1.0) if isinstance(value, str) else value for key, value in prompts.items()}
    key = chance.choices(list(weighted), [weight for _, weight in weighted.values()])[0]
    return Choice(weighted[key][0], key)


def columns(task: MagpieTask) -> list[str]:
    """Give the columns that a task writes."""
    if task.only_instruction:
        written = ["instruction"]
    else:
        written = ["instruction", "response"] if task.n_turns == 1 else ["conversation"]
    return [*written, *(["system_prompt_key"] if isinstance(task.system_prompt, dict) else []), "model_name"]


def converse(task: MagpieTask, paths: Sequence[Trajectory], chosen: Sequence[Choice]) -> list[Row]:
    """Let the model write all messages, turn by turn, and make rows of them.

    Args:
        task: Says how many turns, and with whom they end.
        paths: From `begin`; `made` becomes the conversation.
        chosen: The system prompt of each.
    """
    keys = {id(path): one.key for path, one in zip(paths, chosen, strict=True)}
    for path, one in zip(paths, chosen, strict=True):
        path.made = [{"role": "system", "content": one.text}] if one.text else []
    roles = ["user", "assistant"] * (task.n_turns or 1)
    for role in roles[:-1] if task.only_instruction or task.end_with_user else roles:
        step(task, paths, _so_far, _reader(role))
    return finish(task, paths, lambda path: _columns(task, path, keys[id(path)], len(roles)))


def _so_far(path: Trajectory) -> list[ChatType]:
    return [list(path.made)]


def _reader(role: Any) -> Any:
    def read(path: Trajectory, texts: list[str]) -> None:
        text = texts[0].strip()
        if not text:
            raise ValueError(f"the model wrote an empty message for the {role}")
        message: ChatItem = {"role": role, "content": text}
        path.made.append(message)

    return read


def _columns(task: MagpieTask, path: Trajectory, key: str | None, length: int) -> dict[str, Any]:
    said = [message for message in path.made if message["role"] != "system"]
    texts = [*(message["content"] for message in said), None, None]
    length -= 1 if task.end_with_user else 0
    values = {
        "instruction": texts[0],
        "response": texts[1],
        "conversation": (path.made if task.include_system_prompt else said) if len(said) == length else None,
        "system_prompt_key": key,
    }
    return {name: values[name] for name in columns(task) if name != "model_name"}
