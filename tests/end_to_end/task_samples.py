"""A sample of each task: how it is made, a row, what the model says to it, and what the row then holds."""

import json
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from distilabel.models.llms import OpenAILLM
from distilabel.steps.tasks import (
    CLAIR,
    URIAL,
    ArgillaLabeller,
    BitextRetrievalGenerator,
    ChatGeneration,
    ComplexityScorer,
    EmbeddingTaskGenerator,
    GenerateLongTextMatchingData,
    GenerateSentencePair,
    GenerateShortTextMatchingData,
    GenerateTextClassificationData,
    GenerateTextRetrievalData,
    Genstruct,
    InstructionBacktranslation,
    MonolingualTripletGenerator,
    PrometheusEval,
    QualityScorer,
    SelfInstruct,
    StructuredGeneration,
    TextClassification,
    TextGeneration,
    TextGenerationWithImage,
    UltraFeedback,
)

Body = dict[str, Any]


@dataclass(frozen=True)
class Sample:
    """One task on one row.

    Attributes:
        name: The name of the pipeline and of the model; the platform knows by it who asks.
        make: Makes the task for an LLM.
        row: What it is asked about; None for a task that is a generator.
        answer: What the model says, or a function of the request's body that tells; a task of several turns needs one.
        rows: The columns that the task's rows must hold in the end, a dict a row.
        requests: How many requests that takes in all.
    """

    name: str
    make: Callable[[OpenAILLM], Any]
    row: dict[str, Any] | None
    answer: str | Callable[[Body], str]
    rows: tuple[dict[str, Any], ...]
    requests: int = 1

    def said(self, body: Body) -> str:
        """What the model says to a request."""
        return self.answer if isinstance(self.answer, str) else self.answer(body)


NO_TASKS = {
    "GeneratorTask": "a base",
    "GlobalTask": "a base",
    "Task": "a base",
    "ImageTask": "a base",
    "task": "a decorator",
    "APIGenExecutionChecker": "asks no model",
    "FormatPRM": "asks no model",
    "GenerateEmbeddings": "asks for no text",
    "PairRM": "asks no LLM",
}
"""Public names of `distilabel.steps.tasks` that are no tasks which one could run offline, and why."""

TASK = {"task": "Find the cause of something in nature."}
PAIR = {"instruction": "2 + 2?", "generations": ["4", "5"]}
MOODS = {"type": "label_selection", "options": [{"value": "joy"}, {"value": "anger"}]}
SUM = {"type": "object", "properties": {"sum": {"type": "integer"}}}


def texts(**values: str) -> tuple[str, tuple[dict[str, Any], ...]]:
    """A JSON answer, and the columns that it makes."""
    return json.dumps(values), (values,)


def addressed(body: Body) -> str:
    """The kinds of the parts of the question, and the image's address."""
    text, image = body["messages"][-1]["content"]
    return f"{text['type']} {text['text']} {image['type']} {image['image_url']['url']}"


# By the name of the task.
SAMPLES = (
    Sample(
        "ArgillaLabeller",
        lambda llm: ArgillaLabeller(llm=llm, question={"name": "mood", "settings": MOODS}),
        {"record": {"fields": {"text": "What a day!"}}},
        '{"value": "Joy"}',
        (
            {
                "suggestion": {
                    "value": "joy",
                    "question_name": "mood",
                    "type": "model",
                    "agent": "ArgillaLabeller",
                }
            },
        ),
    ),
    Sample(
        "BitextRetrievalGenerator",
        lambda llm: BitextRetrievalGenerator(llm=llm, target_language="German"),
        None,
        *texts(S1="It rains.", S2="Es regnet.", S3="Es schneit."),
    ),
    Sample(
        "CLAIR",
        lambda llm: CLAIR(llm=llm),
        {"task": "2 + 2?", "student_solution": "5"},
        "## Reasoning\nThe sum is wrong.\n\n## Revision\n4",
        ({"revision": "4", "rational": "The sum is wrong."},),
    ),
    Sample(
        "ChatGeneration",
        lambda llm: ChatGeneration(llm=llm),
        {"messages": [{"role": "user", "content": "Hi"}]},
        "Hello!",
        ({"generation": "Hello!"},),
    ),
    Sample(
        "ComplexityScorer",
        lambda llm: ComplexityScorer(llm=llm),
        {"instructions": ["Say hi.", "Prove it."]},
        "[1] Score: 1\n[2] Score: 5",
        ({"scores": [1.0, 5.0]},),
    ),
    Sample(
        "EmbeddingTaskGenerator",
        lambda llm: EmbeddingTaskGenerator(llm=llm, category="text-retrieval", flatten_tasks=True),
        None,
        '["Find recipes.", "Find laws."]',
        ({"task": "Find recipes."}, {"task": "Find laws."}),
    ),
    Sample(
        "GenerateLongTextMatchingData",
        lambda llm: GenerateLongTextMatchingData(llm=llm),
        TASK,
        *texts(input="A storm ...", positive_document="Winds ..."),
    ),
    Sample(
        "GenerateSentencePair",
        lambda llm: GenerateSentencePair(llm=llm, action="paraphrase", triplet=True),
        {"anchor": "The cat sleeps."},
        "## Positive\nThe cat naps.\n\n## Negative\nThe cat hunts.",
        ({"positive": "The cat naps.", "negative": "The cat hunts."},),
    ),
    Sample(
        "GenerateShortTextMatchingData",
        lambda llm: GenerateShortTextMatchingData(llm=llm),
        TASK,
        *texts(input="big", positive_document="large"),
    ),
    Sample(
        "GenerateTextClassificationData",
        lambda llm: GenerateTextClassificationData(llm=llm),
        TASK,
        *texts(input_text="I am off!", label="joy", misleading_label="anger"),
    ),
    Sample(
        "GenerateTextRetrievalData",
        lambda llm: GenerateTextRetrievalData(llm=llm),
        TASK,
        *texts(user_query="tides", positive_document="The moon ...", hard_negative_document="The wind ..."),
    ),
    Sample(
        "Genstruct",
        lambda llm: Genstruct(llm=llm),
        {"title": "Tides", "content": "The moon pulls at the sea."},
        "What makes tides? [[[Assistant]]] The moon.",
        ({"user": "What makes tides?", "assistant": "The moon."},),
    ),
    Sample(
        "InstructionBacktranslation",
        lambda llm: InstructionBacktranslation(llm=llm),
        {"instruction": "2 + 2?", "generation": "4"},
        "Short and right.\nScore: 4",
        ({"score": 4, "reason": "Short and right."},),
    ),
    Sample(
        "MonolingualTripletGenerator",
        lambda llm: MonolingualTripletGenerator(llm=llm, language="Latin"),
        None,
        *texts(S1="Pluit.", S2="Imber cadit.", S3="Ningit."),
    ),
    Sample(
        "PrometheusEval",
        lambda llm: PrometheusEval(llm=llm, mode="relative", rubric="reasoning"),
        PAIR,
        "Feedback: A is right. [RESULT] A",
        ({"feedback": "A is right.", "result": "A"},),
    ),
    Sample(
        "QualityScorer",
        lambda llm: QualityScorer(llm=llm, use_default_structured_output=True),
        {"instruction": "2 + 2?", "responses": ["4", "5"]},
        '{"scores": [{"number": 2, "score": 1}, {"number": 1, "score": 5}]}',
        ({"scores": [5.0, 1.0]},),
    ),
    Sample(
        "SelfInstruct",
        lambda llm: SelfInstruct(llm=llm, num_instructions=2),
        {"input": "The sea"},
        "1. What is a tide?\n2. Draw one.",
        ({"instructions": ["What is a tide?", "Draw one."]},),
    ),
    Sample(
        "StructuredGeneration",
        lambda llm: StructuredGeneration(llm=llm),
        {"instruction": "2 + 2?", "structured_output": {"format": "json", "schema": SUM}},
        lambda body: json.dumps(list(body["response_format"]["json_schema"]["schema"]["properties"])),
        ({"generation": '["sum"]'},),
    ),
    Sample(
        "TextClassification",
        lambda llm: TextClassification(llm=llm, available_labels=["joy", "anger"]),
        {"text": "What a day!"},
        lambda body: json.dumps(
            {"labels": body["response_format"]["json_schema"]["schema"]["properties"]["labels"]["enum"][0]}
        ),
        ({"labels": "joy"},),
    ),
    Sample(
        "TextGeneration",
        lambda llm: TextGeneration(llm=llm),
        {"instruction": "Say hi."},
        lambda body: body["messages"][-1]["content"].upper(),
        ({"instruction": "Say hi.", "generation": "SAY HI."},),
    ),
    Sample(
        "TextGenerationWithImage",
        lambda llm: TextGenerationWithImage(llm=llm, image_type="base64"),
        {"instruction": "What is this?", "image": "/9j/abc="},
        addressed,
        ({"generation": "text What is this? image_url data:image/jpeg;base64,/9j/abc="},),
    ),
    Sample(
        "URIAL",
        lambda llm: URIAL(llm=llm),
        {"instruction": "2 + 2?"},
        "It is 4.\n```\n\n# Query:\nAnd 3 + 3?",
        ({"generation": "It is 4."},),
    ),
    Sample(
        "UltraFeedback",
        lambda llm: UltraFeedback(llm=llm),
        PAIR,
        "[Text 1]\nRating: 5\nRationale: Right.\n\n[Text 2]\nRating: 1\nRationale: Wrong.",
        ({"ratings": [5.0, 1.0], "rationales": ["Right.", "Wrong."]},),
    ),
)
