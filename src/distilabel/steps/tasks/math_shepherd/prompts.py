"""The prompts of Math-Shepherd, written from the paper (arXiv 2312.08935)."""

from distilabel.exceptions import DistilabelUserError

__all__ = ["COMPLETER_FEW_SHOTS", "COMPLETER_PROMPT", "GENERATOR_FEW_SHOTS", "GENERATOR_PROMPT", "fill"]

_FORM = """\
How to write it:
- Each step is a line of its own that begins with "Step 1:", "Step 2:" and so on, and does one thing.
- The last step ends with "The answer is: " and the answer alone, as short as possible: a number without its unit \
where it is one.
- Write nothing but the steps.
{{ extra_rules }}

{{ few_shots }}
"""

GENERATOR_PROMPT = "You solve mathematical problems step by step.\n\n" + _FORM

GENERATOR_FEW_SHOTS = """\
An example.

Problem: A baker has 3 trays of 12 rolls each. She sells 20 rolls and shares the rest evenly among 4 neighbours. How \
many rolls does each neighbour get?

Step 1: On 3 trays of 12 rolls there are 3 * 12 = 36 rolls.
Step 2: After the sale 36 - 20 = 16 rolls are left.
Step 3: Each of 4 neighbours gets 16 / 4 = 4 rolls. The answer is: 4
"""

COMPLETER_PROMPT = (
    "You finish solutions of mathematical problems. You are given a problem and the first steps of a solution, which may "
    "be right or wrong. Take them as they are, do not repeat or correct them, and go on from the next step to the "
    "answer.\n\n" + _FORM
)

COMPLETER_FEW_SHOTS = """\
An example.

Problem: A baker has 3 trays of 12 rolls each. She sells 20 rolls and shares the rest evenly among 4 neighbours. How \
many rolls does each neighbour get?

First steps:
Step 1: On 3 trays of 12 rolls there are 3 * 12 = 36 rolls.

Step 2: After the sale 36 - 20 = 16 rolls are left.
Step 3: Each of 4 neighbours gets 16 / 4 = 4 rolls. The answer is: 4
"""


def fill(step: str, template: str, extra_rules: str | None, few_shots: str) -> str:
    """Render a system prompt, a Jinja2 template.

    Raises:
        DistilabelUserError: The template is not valid.

    Examples:
        >>> fill("s", "Solve. {{ extra_rules }} {{ few_shots }}", "Be brief.", "2 + 2 = 4")
        'Solve. Be brief. 2 + 2 = 4'
    """
    from jinja2 import TemplateError  # noqa: PLC0415 - only needed here
    from jinja2.sandbox import SandboxedEnvironment  # noqa: PLC0415 - only needed here

    try:
        rendered = SandboxedEnvironment().from_string(template)
        return rendered.render(extra_rules=extra_rules or "", few_shots=few_shots).strip()
    except TemplateError as error:
        raise DistilabelUserError(f"The system_prompt of {step!r} is not valid Jinja2: {error}.") from error
