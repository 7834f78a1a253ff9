"""Generation of instructions without input, and evolution in complexity."""

from pydantic import Field

from distilabel.steps.tasks.evol.instruct_generator import EvolInstructGenerator
from distilabel.steps.tasks.evol.prompts import COMPLEXITY_GENERATION_TEMPLATES

__all__ = ["EvolComplexityGenerator"]


class EvolComplexityGenerator(EvolInstructGenerator):
    """Generate instructions from pairs of everyday words, and make them more complex.

    It is `EvolInstructGenerator` without evolution in breadth.

    Attributes:
        mutation_templates: Name to prompt; one is drawn at random for each evolution. The other attributes are those
            of `EvolInstructGenerator`.

    Columns:
        Out: `instruction`, with `generate_answers` also `answer`, and `model_name`; see `EvolInstructGenerator`.

    References:
        What Makes Good Data for Alignment? A Comprehensive Study of Automatic Data Selection in Instruction Tuning
        (DEITA), https://arxiv.org/abs/2312.15685;
        WizardLM: Empowering Large Language Models to Follow Complex Instructions, https://arxiv.org/abs/2304.12244

    Examples:
        >>> from distilabel.models.llms.base import LLM
        >>> class Curious(LLM):
        ...     @property
        ...     def model_name(self):
        ...         return "curious"
        ...     def generate(self, inputs, num_generations=1):
        ...         return [{"generations": [f"What is tea number {len(chat[-1]['content'])}?"]} for chat in inputs]
        >>> task = EvolComplexityGenerator(llm=Curious(), num_instructions=1, min_length=10, max_length=50)
        >>> next(task.process())[0][0]["instruction"].startswith("What is tea")
        True
    """

    mutation_templates: dict[str, str] = Field(default_factory=lambda: dict(COMPLEXITY_GENERATION_TEMPLATES))
