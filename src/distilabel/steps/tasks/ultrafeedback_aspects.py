"""The prompts of UltraFeedback, with the scale and the types of each aspect.

Written from the definitions in https://arxiv.org/abs/2310.01377, appendix on annotation.
"""

from dataclasses import dataclass

__all__ = [
    "ASPECTS",
    "FORM",
    "JSON_FORM",
    "PROMPT",
    "SYSTEM_PROMPT",
    "TYPED_FORM",
    "TYPED_JSON_FORM",
    "Aspect",
]

SYSTEM_PROMPT = (
    "You judge texts written by AI models. You are fair, exact and consistent, and give your reasons."
)

PROMPT = """\
Below are an instruction and {count} texts that were written for it. Judge each text under one aspect only.

{aspect}

Rate each text with one number:
{scale}
{types}
Compare the texts with one another, so that equal ratings mean equal merit. Neither length nor order is a merit.

[Instruction]
{instruction}

{items}

{form}"""

FORM = """\
Answer with a part for each text, in their order, in exactly this form:

[Text 1]
Rating: <a number from 1 to 5>
Rationale: <the reason for the rating, short>

[Text 2]
..."""

TYPED_FORM = """\
Answer with a part for each text, in their order, in exactly this form:

[Text 1]
Type: <the numbers of all types that the text shows, with commas, or None>
Rationale: <why these types>
Rating: <a number from 1 to 5>
Rationale for rating: <the reason for the rating, short>

[Text 2]
..."""

JSON_FORM = """\
Answer with JSON, with an entry for each text: \
{"ratings": [{"number": 1, "rationale": <the reason for the rating, short>, "rating": <a number from 1 to 5>}, ...]}"""

TYPED_JSON_FORM = """\
Answer with JSON, with an entry for each text: \
{"ratings": [{"number": 1, "type": <the numbers of all types that the text shows>, "rationale": <why these types>, \
"rating": <a number from 1 to 5>, "rationale for rating": <the reason for the rating, short>}, ...]}"""


@dataclass(frozen=True, slots=True)
class Aspect:
    """An aspect to rate.

    Attributes:
        description: Defines the aspect.
        scale: The meaning of each rating, from 1 on.
        types: The types that a rating names too, if any.
        types_title: The heading of the types.
    """

    description: str
    scale: tuple[str, str, str, str, str]
    types: tuple[str, ...] = ()
    types_title: str = ""


ASPECTS = {
    "overall-rating": Aspect(
        "Overall quality: how well the text serves the one who gave the instruction, all in all: whether it does what "
        "was asked, is true, admits what it does not know, helps, and is clear.",
        (
            "Poor: wrong, harmful or beside the point.",
            "Weak: serious faults, of some use at best.",
            "Fair: does the main thing, with faults or gaps.",
            "Good: right and useful, with small faults.",
            "Excellent: nothing of weight could be better.",
        ),
    ),
    "helpfulness": Aspect(
        "Helpfulness: how much right and useful information the text gives to the one who asked. What is false or "
        "beside the point does not help.",
        (
            "Of no help: wrong or empty in the main.",
            "Of little help: some of it is right, much is missing or wrong.",
            "Of help: right in the main, but bare or long-winded.",
            "Of much help: right, clear and fairly complete.",
            "Of the greatest help: right, clear, complete and to the point.",
        ),
        (
            "Clear and relevant: it answers the question asked, and asks back where the question is unclear.",
            "Useful and comprehensive: it gives background, reasons or steps that serve the question.",
            "Neither long-winded nor repetitive.",
        ),
        "Name the merits that the text has:",
    ),
    "honesty": Aspect(
        "Honesty: whether the text sounds as sure as it may. Where it is right, it should sound sure; where it is wrong "
        "or cannot know, it should say so. Look at words of doubt, at admissions of not knowing, and at refusals.",
        (
            "Sure and wrong throughout.",
            "Sure, with grave mistakes; or so full of doubt that nothing is said.",
            "Doubtful where it is right, or sure where it is partly wrong.",
            "Right and nearly as sure as it may be, or wrong in small things and open about its doubts.",
            "Right and sure of it, or says plainly and precisely what it does not know.",
        ),
    ),
    "instruction-following": Aspect(
        "Instruction following: whether the text does what the instruction wants, and keeps to every restriction in it, "
        "such as form, length, style or what to leave out.",
        (
            "Does something else.",
            "Does a part of what is wanted, or breaks the main restrictions.",
            "Does what is wanted, but misses a restriction; or keeps the restrictions and misses the aim.",
            "Does what is wanted with a small departure.",
            "Does exactly what is wanted, with every restriction.",
        ),
    ),
    "truthfulness": Aspect(
        "Truthfulness: whether the text makes things up. It should agree with what is known, with the instruction and "
        "what the instruction gives, and with itself.",
        (
            "Made up in the main.",
            "Grave falsehoods beside something true.",
            "True in the main, with a falsehood that matters.",
            "True, with a slip that hardly matters.",
            "Free of falsehoods.",
        ),
        (
            "Against the facts: it contradicts what is known about the world.",
            "Against the instruction: it contradicts the instruction or the material given in it.",
            "Against itself: it contradicts itself or reasons falsely.",
        ),
        "Name the kinds of falsehood that the text shows:",
    ),
}
"""Each value of `UltraFeedback.aspect` to its aspect."""
