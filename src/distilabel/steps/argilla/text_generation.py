"""Sending single generations to annotators for review."""

from collections.abc import Iterator
from typing import Any

from distilabel.steps.argilla.base import ArgillaStep, record_id
from distilabel.typing import Row, StepColumns

__all__ = ["TextGenerationToArgilla"]

_LABELS = {"bad": "👎", "good": "👍"}


class TextGenerationToArgilla(ArgillaStep):
    """Make a record for each generation, with the question whether it is good or bad, and yield the rows unchanged.

    A record's id depends on the instruction and the generation, so that a record that is sent again replaces itself. A row
    whose instruction or generation is empty, or is not text, makes no record. Needs `distilabel[argilla]`.

    Attributes:
        dataset_name: The dataset in Argilla; the step creates it if it does not exist.
        dataset_workspace: Its workspace; by default the user's first workspace.
        api_url: The URL of Argilla; by default ARGILLA_API_URL.
        api_key: The user's API key; by default ARGILLA_API_KEY.

    Columns:
        In: `instruction`, and `generation` (a text, or a list of texts with one record each). Out: the same.

    Raises:
        DistilabelStepError: Argilla cannot be reached, or refuses the request. Finished work is kept; run again.

    Examples:
        >>> TextGenerationToArgilla(dataset_name="answers").get_inputs()
        {'instruction': True, 'generation': True}
    """

    @property
    def inputs(self) -> StepColumns:
        """The texts to show."""
        return ["instruction", "generation"]

    def _settings(self, argilla: Any) -> Any:
        fields = [
            argilla.TextField(name=name, title=name.capitalize()) for name in ("instruction", "generation")
        ]
        question = argilla.LabelQuestion(
            name="quality", title="Is this a good answer to the instruction?", labels=_LABELS
        )
        return argilla.Settings(fields=fields, questions=[question])

    def _records(self, argilla: Any, row: Row) -> Iterator[Any]:
        instruction, generations = row.get("instruction"), row.get("generation")
        for generation in generations if isinstance(generations, list) else [generations]:
            if isinstance(instruction, str) and isinstance(generation, str) and instruction and generation:
                shown = {"instruction": instruction, "generation": generation}
                yield argilla.Record(id=record_id(instruction, generation), fields=shown)
