"""Preference pairs from single instructions, for direct preference optimization."""

from distilabel.steps._core.row_errors import add_columns
from distilabel.steps.base import Step, StepInput
from distilabel.steps.formatting.messages import instruction_chat
from distilabel.steps.formatting.preference import OUTPUTS, preference_columns
from distilabel.typing import StepColumns, StepOutput

__all__ = ["FormatTextGenerationDPO"]


class FormatTextGenerationDPO(Step):
    """Make a preference pair from the rated generations of an instruction: the best is chosen, the worst is rejected.

    Only generations that are text and have a finite rating take part. Of equal ratings, the first is taken; a text is
    never paired with itself. A row without a pair (fewer than two generations take part, all have the same rating, or the
    numbers of ratings and generations differ) gets None in all columns, and `distilabel_metadata` holds the reason.

    Columns:
        In: `instruction`, `generations` (texts), `ratings` (numbers, one for each generation); optional: `system_prompt`
        and `generation_models` (one for each generation). Out: `prompt` (the instruction), `prompt_id` (its SHA-256),
        `chosen` and `rejected` (chats: lists of dicts with `role` and `content`), `chosen_rating`, `rejected_rating`;
        with `generation_models` also `chosen_model` and `rejected_model`.

    References:
        Direct Preference Optimization: Your Language Model is Secretly a Reward Model, https://arxiv.org/abs/2305.18290

    Examples:
        >>> step = FormatTextGenerationDPO()
        >>> row = next(step.process([{"instruction": "2 + 2?", "generations": ["5", "4"], "ratings": [1, 5]}]))[0]
        >>> row["chosen"]
        [{'role': 'user', 'content': '2 + 2?'}, {'role': 'assistant', 'content': '4'}]
        >>> row["rejected"][-1]["content"], row["rejected_rating"]
        ('5', 1)
    """

    @property
    def inputs(self) -> StepColumns:
        """The instruction, its generations and their ratings; system prompt and models are optional."""
        needed = dict.fromkeys(("instruction", "generations", "ratings"), True)
        return {**needed, "system_prompt": False, "generation_models": False}

    @property
    def outputs(self) -> StepColumns:
        """The columns of the preference pair."""
        return OUTPUTS

    def process(self, inputs: StepInput) -> StepOutput:
        """Yield the rows with their preference pairs."""
        yield add_columns(self, inputs, lambda row: preference_columns(row, instruction_chat))
