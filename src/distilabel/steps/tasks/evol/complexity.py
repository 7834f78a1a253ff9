"""Evolution of instructions towards higher complexity."""

from pydantic import Field

from distilabel.steps.tasks.evol.instruct import EvolInstruct
from distilabel.steps.tasks.evol.prompts import COMPLEXITY_TEMPLATES

__all__ = ["EvolComplexity"]


class EvolComplexity(EvolInstruct):
    """Rewrite an instruction into a more complex one, several times.

    It is `EvolInstruct` without evolution in breadth: each evolution makes the same instruction harder.

    Attributes:
        mutation_templates: Name to prompt; one is drawn at random for each evolution. `<PROMPT>` stands for the
            instruction. The other attributes are those of `EvolInstruct`.

    Columns:
        In: `instruction`. Out: `evolved_instruction` or `evolved_instructions`, with
        `generate_answers` also `answer` or `answers`, and `model_name`; see `EvolInstruct`.

    References:
        What Makes Good Data for Alignment? A Comprehensive Study of Automatic Data Selection in Instruction Tuning
        (DEITA), https://arxiv.org/abs/2312.15685;
        WizardLM: Empowering Large Language Models to Follow Complex Instructions, https://arxiv.org/abs/2304.12244

    Examples:
        >>> from distilabel.models.llms.base import LLM
        >>> class Adding(LLM):
        ...     @property
        ...     def model_name(self):
        ...         return "adding"
        ...     def generate(self, inputs, num_generations=1):
        ...         return [{"generations": ["Name a prime above 100."]} for _ in inputs]
        >>> task = EvolComplexity(llm=Adding(), num_evolutions=1)
        >>> next(task.process([{"instruction": "Name a prime."}]))[0]["evolved_instruction"]
        'Name a prime above 100.'
    """

    mutation_templates: dict[str, str] = Field(default_factory=lambda: dict(COMPLEXITY_TEMPLATES))
