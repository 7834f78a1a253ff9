"""The prompts of the evolution tasks.

They are written from the papers WizardLM (arXiv 2304.12244) and DEITA (arXiv 2312.15685). `<PROMPT>` stands for the
instruction and `<RESPONSE>` for its answer, in custom templates too.
"""

__all__ = [
    "COMPLEXITY_GENERATION_TEMPLATES",
    "COMPLEXITY_TEMPLATES",
    "FRESH_START",
    "INSTRUCTION_GENERATION_TEMPLATES",
    "INSTRUCTION_TEMPLATES",
    "QUALITY_TEMPLATES",
]

FRESH_START = "FRESH_START"
"""The name of a generator's first template; its `<PROMPT>` is a pair of words."""


def _deeper(how: str) -> str:
    """Return a template that makes a task harder in one way (WizardLM, section 3.2)."""
    return f"""\
Below is an instruction that somebody gave to an AI assistant. Write a harder version of it.

{how}

What you must keep to:
- The new instruction still makes sense, and a person can understand and answer it.
- It adds no more than 10 to 20 words.
- Tables, code, numbers and other given material of the old instruction stay in it.
- Do not answer the instruction. Reply with the new instruction alone, with no heading and no remark.

<instruction>
<PROMPT>
</instruction>
"""


_IN_DEPTH = {
    "CONSTRAINTS": _deeper(
        "Make it harder by one more condition or requirement that the answer has to meet."
    ),
    "DEEPENING": _deeper(
        "Make it harder by going further into its subject: where it asks about something, ask about more of it, and "
        "in more depth."
    ),
    "CONCRETIZING": _deeper(
        "Make it harder by putting something specific in the place of something general."
    ),
    "INCREASED_REASONING_STEPS": _deeper(
        "Make it harder by asking for more thought: where a few simple steps would do for an answer, have it need "
        "several steps of reasoning, and say so."
    ),
}

_BREADTH = """\
Below is an instruction that somebody gave to an AI assistant. Write another one, inspired by it.

The new instruction comes from the same field as the old one, but asks for something rarer. It is about as long and
about as difficult, it makes sense, and a person can understand and answer it.

Do not answer either of them. Reply with the new instruction alone, with no heading and no remark.

<instruction>
<PROMPT>
</instruction>
"""

_FRESH_START = """\
Write one question or task that a person could give to an AI assistant. It has to do with these words: <PROMPT>.

Do not answer it. Reply with the question or task alone, with no heading and no remark.
"""

INSTRUCTION_TEMPLATES = {**_IN_DEPTH, "BREADTH": _BREADTH}
COMPLEXITY_TEMPLATES = dict(_IN_DEPTH)
INSTRUCTION_GENERATION_TEMPLATES = {FRESH_START: _FRESH_START, **INSTRUCTION_TEMPLATES}
COMPLEXITY_GENERATION_TEMPLATES = {FRESH_START: _FRESH_START, **COMPLEXITY_TEMPLATES}


def _better(how: str) -> str:
    """Return a template that improves an answer in one way (DEITA, section 2.3)."""
    return f"""\
Below are an instruction and an answer to it. Write a better answer.

{how}

What you must keep to:
- The new answer answers the instruction, makes sense, and adds no more than 10 to 20 words for each point it improves.
- What is right in the old answer stays in it, code and tables too.
- Reply with the new answer alone, with no heading and no remark.

<instruction>
<PROMPT>
</instruction>

<response>
<RESPONSE>
</response>
"""


QUALITY_TEMPLATES = {
    "HELPFULNESS": _better("Make it more useful to the person who asked."),
    "RELEVANCE": _better("Make it keep closer to what was asked, and leave out what does not belong there."),
    "DEEPENING": _better("Make it go deeper into the subject."),
    "CREATIVITY": _better("Make it more original, as far as the instruction has room for that."),
    "DETAILS": _better("Make it more detailed: more facts, numbers, names or examples."),
}
