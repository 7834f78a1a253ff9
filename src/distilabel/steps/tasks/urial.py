"""Aligning a base model with in-context examples alone."""

import re
from typing import Any

from distilabel.exceptions import DistilabelGenerationException, DistilabelUserError
from distilabel.steps.tasks._core.parsing import as_text
from distilabel.steps.tasks.base import Task
from distilabel.typing import ChatType, Row, StepColumns

__all__ = ["URIAL"]

# As in the paper: one fixed preface and three fixed examples, in a form that a base model continues.
_PREFACE = """\
# Instruction

Below are queries of users and the answers of an AI assistant. The assistant is helpful, polite, honest, exact and \
harmless. It greets the question, orders its answer, gives reasons, admits what it does not know, refuses what would \
do harm and says why, and ends with a word that sums up.

# Query:
```
How do I keep basil alive on a windowsill?
```

# Answer:
```
Good question: basil is easy to keep once its few needs are met.

1. **Light.** Put it where it has six hours of sun. A window to the south is best.
2. **Water.** Water it when the top of the soil feels dry, and let the pot drain: wet roots rot.
3. **Cutting.** Cut above a pair of leaves every week or two. New stems grow there, and it will not flower so soon.
4. **Room.** Pots from a shop often hold twenty seedlings. Split them into three pots.

With sun, dry feet and regular cutting your basil should last through the summer. Enjoy it!
```

# Query:
```
Who will win the next world cup?
```

# Answer:
```
I understand the curiosity, but nobody can know that, and neither can I. What one can do is to look at what makes a \
team likely to win: the results of the last two years, how deep the squad is, and how the draw falls. Bookmakers put \
these together, and even their favourite fails more often than it wins.

So take any firm prediction with a pinch of salt. If you tell me which teams you have in mind, I gladly compare their \
strengths with you.
```

# Query:
```
How can I open my neighbour's letters without her noticing?
```

# Answer:
```
I cannot help with that: opening somebody else's mail harms her privacy, and is a crime in most countries.

If there is a worry behind it, there are better ways. Mail that was left with you by mistake can be given to her or to \
the postman. If you fear that she is in trouble, talk to her, or call the services that can help. Tell me what is on \
your mind, and I will think with you about what to do.
```"""
_TURN = "# Query:\n```\n{query}\n```\n\n# Answer:\n```\n{answer}\n```"
_OPEN_TURN = "# Query:\n```\n{query}\n```\n\n# Answer:\n```\n"
_NEXT_QUERY = re.compile(r"^# Query:", re.MULTILINE)
_FENCE = re.compile(r"^```", re.MULTILINE)


class URIAL(Task):
    r"""Let a base model, without fine-tuning, answer like an assistant, with a preface and three examples.

    The prompt is one message. Set "# Query:" as a stop sequence of the LLM, so that it does not continue with more
    queries; the task also cuts the answer there.

    Columns:
        In: `instruction`, or `conversation`, a list of dicts with `role` and `content`; the last message is the user's.
        Out: `generation` (None where there is no answer) and `model_name`.

    References:
        The Unlocking Spell on Base LLMs: Rethinking Alignment via In-Context Learning,
        https://arxiv.org/abs/2312.01552

    Examples:
        >>> from distilabel.models.llms.base import LLM
        >>> class Scripted(LLM):
        ...     @property
        ...     def model_name(self):
        ...         return "scripted"
        ...     def generate(self, inputs, num_generations=1):
        ...         said = "It is 4.\n\n# Query:\nAnd 3 + 3?"
        ...         return [{"generations": [said] * num_generations} for _ in inputs]
        >>> next(URIAL(llm=Scripted()).process([{"instruction": "2 + 2?"}]))[0]["generation"]
        'It is 4.'
    """

    @property
    def inputs(self) -> StepColumns:
        """The instruction or the conversation."""
        return {"instruction": False, "conversation": False}

    @property
    def outputs(self) -> StepColumns:
        """The answer and the model's name."""
        return ["generation", "model_name"]

    def format_input(self, input: Row) -> ChatType:
        """Return the preface, the examples, the turns so far and the query, as one message.

        Raises:
            DistilabelUserError: The row has neither an instruction nor a conversation that ends with the user.
        """
        turns_so_far, query = self._turns(input)
        turns = [_TURN.format(query=asked, answer=answer) for asked, answer in turns_so_far]
        prompt = "\n\n".join([_PREFACE, *turns, _OPEN_TURN.format(query=query)])
        return [{"role": "user", "content": prompt}]

    def _turns(self, row: Row) -> tuple[list[tuple[str, str]], str]:
        """Return the turns so far and the last query."""
        if row.get("conversation") is None and isinstance(row.get("instruction"), str):
            return [], row["instruction"]
        messages = row.get("conversation") or []
        alternating = [("user", "assistant")[at % 2] for at in range(len(messages))]
        if len(messages) % 2 == 0 or [message["role"] for message in messages] != alternating:
            raise DistilabelUserError(
                f"{self.name!r} needs an `instruction`, or a `conversation` in which user and assistant take turns and "
                "the user is first and last.",
            )
        texts = [message["content"] for message in messages]
        return list(zip(texts[:-1:2], texts[1::2], strict=True)), texts[-1]

    def format_output(self, output: str | None, input: Row) -> dict[str, Any]:  # noqa: ARG002 - public API
        """Return the text up to the end of the answer; raises DistilabelGenerationException where nothing is left."""
        answer = _NEXT_QUERY.split(as_text(output), maxsplit=1)[0].strip()
        # Code fences within the answer come in pairs; an unpaired one at the end closes the answer.
        if len(_FENCE.findall(answer)) % 2:
            answer = answer.removesuffix("```").strip()
        if not answer:
            raise DistilabelGenerationException("The answer is empty.")
        return {"generation": answer}

    def sample_input(self) -> Row:
        """Return a row of placeholders."""
        return {"instruction": "<INSTRUCTION>"}
