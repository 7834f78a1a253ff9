"""Having annotators judge single generations."""

from collections.abc import Iterator
from typing import Any

from distilabel.steps.argilla.base import ArgillaStep, record_id
from distilabel.typing import Row, StepColumns

__all__ = ["TextGenerationToArgilla"]

_LABELS = {"bad": "👎", "good": "👍"}


class TextGenerationToArgilla(ArgillaStep):
    """Make a record of each generation, with the question whether it is good or bad, and hand the rows on.

    A record's id is made of instruction and generation: what is sent again replaces itself. A row whose instruction or
    generation is not text, an empty text too, makes no record. Needs `distilabel[argilla]`.

    Attributes:
        dataset_name: The dataset in Argilla; it is made if need be.
        dataset_workspace: Its workspace; by default the first one of the user.
        api_url: Argilla's address; by default ARGILLA_API_URL.
        api_key: The user's key; by default ARGILLA_API_KEY.

    Columns:
        In: `instruction`, and `generation` (a text, or a list of texts that make a record each). Out: the same.

    Raises:
        DistilabelStepError: Argilla cannot be reached, or refuses. What was done is kept; run again.

    Examples:
        >>> TextGenerationToArgilla(dataset_name="answers").get_inputs()
        {'instruction': True, 'generation': True}
    """

    @property
    def inputs(self) -> StepColumns:
        """What is shown."""
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
