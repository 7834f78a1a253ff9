"""The tasks of "Improving Text Embeddings with Large Language Models"."""

from typing import Any, ClassVar, Literal, Optional

from pydantic import Field

from distilabel.exceptions import DistilabelGenerationException, DistilabelUserError
from distilabel.steps.tasks._core.parsing import (
    as_text,
    entries_of,
    holds_object,
    list_of_texts,
    object_schema,
    texts_of,
    texts_schema,
)
from distilabel.steps.tasks.base import GeneratorTask, Task
from distilabel.steps.tasks.improving_text_embeddings.choices import (
    Clarity,
    Difficulty,
    HighScore,
    LowScore,
    NumWords,
    QueryLength,
    QueryType,
    SchoolLevel,
    Unit,
    json_prompt,
    random_for,
    value_or_random,
)
from distilabel.typing import ChatType, GeneratorStepOutput, Row, StepColumns

__all__ = [
    "BitextRetrievalGenerator",
    "EmbeddingTaskGenerator",
    "GenerateLongTextMatchingData",
    "GenerateShortTextMatchingData",
    "GenerateTextClassificationData",
    "GenerateTextRetrievalData",
    "MonolingualTripletGenerator",
]

_COUNT = 20
_KINDS = {
    "text-retrieval": """\
text retrieval tasks: given a query of a certain kind, find documents of a certain kind that serve it. For example:
- Given a claim about health, find studies that support or refute it.
- Find the paragraph of a manual that answers a customer's question.""",
    "text-matching-short": """\
text matching tasks in which both texts are very short, a sentence or a phrase at most. For example:
- Match the titles of two books about the same subject.
- Find a colloquial saying that means the same as a formal one.""",
    "text-matching-long": """\
text matching tasks in which both texts are long documents. For example:
- Match two reports of the same event from different newspapers.
- Given a patent, find another that claims nearly the same.""",
    "text-classification": """\
text classification tasks: a text is to be given one of a few labels. For example:
- Tell whether a review praises or condemns a film.
- Given a request to a bank, tell which department it is for.""",
}
_PROMPT = """\
Think of {count} useful {kind}

Each task is one sentence that says what is given and what is wanted{labels}. Let the tasks differ widely in subject, \
in the kind of text and in what they are good for, and be of use to somebody.

{form}"""


class EmbeddingTaskGenerator(GeneratorTask):
    """Write about 20 tasks of one category that embeddings are used for, as input for training data.

    With `use_default_structured_output=True` the answer follows a JSON schema.

    Attributes:
        category: "text-retrieval", "text-matching-short", "text-matching-long" or "text-classification".
        flatten_tasks: Whether each task becomes a row; by default each generation becomes one row with a list.

    Columns:
        Out: `tasks`, a list of texts, or with `flatten_tasks` `task`, a text (None where the answer contains no list),
        and `model_name`.

    Raises:
        DistilabelUserError: Both `flatten_tasks` and `group_generations` are set.

    References:
        Improving Text Embeddings with Large Language Models, https://arxiv.org/abs/2401.00368

    Examples:
        >>> from distilabel.models.llms.base import LLM
        >>> class Scripted(LLM):
        ...     @property
        ...     def model_name(self):
        ...         return "scripted"
        ...     def generate(self, inputs, num_generations=1):
        ...         return [{"generations": ['["Find recipes.", "Find laws."]'] * num_generations} for _ in inputs]
        >>> task = EmbeddingTaskGenerator(llm=Scripted(), category="text-retrieval", flatten_tasks=True)
        >>> rows, is_last = next(task.process())
        >>> [row["task"] for row in rows]
        ['Find recipes.', 'Find laws.']
    """

    category: Literal["text-retrieval", "text-matching-short", "text-matching-long", "text-classification"]
    flatten_tasks: bool = False

    def verify(self) -> None:
        """Check that `flatten_tasks` and `group_generations` are not both set; raises DistilabelUserError."""
        super().verify()
        if self.flatten_tasks and self.group_generations:
            raise DistilabelUserError(
                f"Step {self.name!r} has both `flatten_tasks` and `group_generations`: set only one of them.",
            )

    @property
    def outputs(self) -> StepColumns:
        """The tasks, or one of them, and `model_name`."""
        return ["task" if self.flatten_tasks else "tasks", "model_name"]

    def process(self, offset: int = 0) -> GeneratorStepOutput:  # noqa: ARG002 - one chunk holds all rows
        """Yield the rows of all generations."""
        rows = self.answer([{}])
        if self.flatten_tasks:
            rows = [{**row, "task": task} for row in rows for task in row["task"] or [None]]
        yield rows, True

    def format_input(self, input: Row) -> ChatType:  # noqa: ARG002 - there is no input
        """Return the chat that requests tasks of the category."""
        form = f"Answer with a JSON list of {_COUNT} strings and nothing else."
        if self.use_default_structured_output:
            form = f'Answer with JSON of exactly this form, with {_COUNT} tasks: {{"tasks": ["<task>", ...]}}'
        labels = ", and which labels there are" if self.category == "text-classification" else ""
        prompt = _PROMPT.format(count=_COUNT, kind=_KINDS[self.category], labels=labels, form=form)
        return [{"role": "user", "content": prompt}]

    def format_output(self, output: str | None, input: Row) -> dict[str, Any]:  # noqa: ARG002 - public API
        """Read the list; raises DistilabelGenerationException where there is none."""
        text = as_text(output)
        tasks = entries_of(text, "tasks") if holds_object(text, "tasks") else list_of_texts(text)
        if not all(isinstance(task, str) and task.strip() for task in tasks):
            raise DistilabelGenerationException("The answer contains a task that is not text.")
        return {"task" if self.flatten_tasks else "tasks": [task.strip() for task in tasks]}

    def get_structured_output(self) -> dict[str, Any]:
        """Return the JSON schema of the answer."""
        return object_schema("Tasks", {"tasks": {"type": "array", "items": {"type": "string"}}})


class _SentenceTripletGenerator(GeneratorTask):
    """What the two generators of three sentences share."""

    _schema_title: ClassVar[str]

    unit: Optional[Unit] = None
    difficulty: Optional[SchoolLevel] = None
    high_score: Optional[HighScore] = None
    low_score: Optional[LowScore] = None
    seed: int = 42

    @property
    def outputs(self) -> StepColumns:
        """The three sentences and `model_name`."""
        return ["S1", "S2", "S3", "model_name"]

    def process(self, offset: int = 0) -> GeneratorStepOutput:  # noqa: ARG002 - one chunk holds all rows
        """Yield the rows of all generations."""
        yield self.answer([{}]), True

    def format_output(self, output: str | None, input: Row) -> dict[str, Any]:  # noqa: ARG002 - public API
        """Read the three sentences; raises DistilabelGenerationException where one is missing."""
        return texts_of(output, ["S1", "S2", "S3"])

    def get_structured_output(self) -> dict[str, Any]:
        """Return the JSON schema of the answer."""
        return texts_schema(self._schema_title, ["S1", "S2", "S3"])

    def _draw(self) -> tuple[str, str, str, str]:
        """Return the unit, the two scores and the difficulty; those that are not set are drawn."""
        randomness = random_for(self.random, self.seed)
        return (
            value_or_random(self.unit, Unit, randomness),
            value_or_random(self.high_score, HighScore, randomness),
            value_or_random(self.low_score, LowScore, randomness),
            value_or_random(self.difficulty, SchoolLevel, randomness),
        )


class BitextRetrievalGenerator(_SentenceTripletGenerator):
    """Write a sentence in one language and two in another: a good translation of it and a worse one.

    Attributes that are not set are drawn at random, with the same result in each run. There are `num_generations` rows.

    Attributes:
        source_language: The language of the first sentence; "English" by default.
        target_language: The language of the other two.
        unit: The kind of text: "sentence", "phrase" or "passage".
        difficulty: The education that a reader needs: "elementary school", "high school" or "college".
        high_score: How well the second translates the first, from 1 to 5: "4", "4.5" or "5".
        low_score: How well the third translates the first: "2.5", "3" or "3.5".
        seed: Seed of the random values; 42 by default.

    Columns:
        Out: `S1`, `S2` and `S3` (None where the answer lacks one of them), and `model_name`.

    References:
        Improving Text Embeddings with Large Language Models, https://arxiv.org/abs/2401.00368

    Examples:
        >>> from distilabel.models.llms.base import LLM
        >>> class Scripted(LLM):
        ...     @property
        ...     def model_name(self):
        ...         return "scripted"
        ...     def generate(self, inputs, num_generations=1):
        ...         said = '{"S1": "It rains.", "S2": "Es regnet.", "S3": "Es schneit vielleicht."}'
        ...         return [{"generations": [said] * num_generations} for _ in inputs]
        >>> task = BitextRetrievalGenerator(llm=Scripted(), target_language="German")
        >>> rows, is_last = next(task.process())
        >>> rows[0]["S2"], is_last
        ('Es regnet.', True)
    """

    _schema_title: ClassVar[str] = "Bitext"

    source_language: str = Field(default="English")
    target_language: str

    def format_input(self, input: Row) -> ChatType:  # noqa: ARG002 - there is no input
        """Return the chat that requests a sentence and two translations."""
        unit, high, low, difficulty = self._draw()
        source, target = self.source_language, self.target_language
        fields = {
            "S1": f"a {unit} in {source}",
            "S2": f"a {unit} in {target} that is close to a translation of S1",
            "S3": f"a {unit} in {target} that is less close to one",
        }
        rules = [
            f"On a scale from 1 (nothing in common) to 5 (the same meaning) S2 deserves {high} as a translation of S1.",
            f"On the same scale S3 deserves {low}.",
            "S3 differs from S2 in what it adds, leaves out or changes of the meaning, not in its language.",
            f"To understand them takes {difficulty} education.",
            "Choose a subject that one would not think of first, and explain nothing beside the object.",
        ]
        return json_prompt(
            f"Make a text in {source} and two in {target} that translate it unequally well.", fields, rules
        )


class MonolingualTripletGenerator(_SentenceTripletGenerator):
    """Write three sentences of one language: the second is closer in meaning to the first than the third is.

    Attributes that are not set are drawn at random, with the same result in each run. There are `num_generations` rows.

    Attributes:
        language: The language of the sentences; "English" by default.
        unit: The kind of text: "sentence", "phrase" or "passage".
        difficulty: The education that a reader needs: "elementary school", "high school" or "college".
        high_score: How close the second is to the first, from 1 to 5: "4", "4.5" or "5".
        low_score: How close the third is to the first: "2.5", "3" or "3.5".
        seed: Seed of the random values; 42 by default.

    Columns:
        Out: `S1`, `S2` and `S3` (None where the answer lacks one of them), and `model_name`.

    References:
        Improving Text Embeddings with Large Language Models, https://arxiv.org/abs/2401.00368

    Examples:
        >>> from distilabel.models.llms.base import LLM
        >>> class Scripted(LLM):
        ...     @property
        ...     def model_name(self):
        ...         return "scripted"
        ...     def generate(self, inputs, num_generations=1):
        ...         said = '{"S1": "It rains.", "S2": "Rain is falling.", "S3": "It may snow."}'
        ...         return [{"generations": [said] * num_generations} for _ in inputs]
        >>> rows, is_last = next(MonolingualTripletGenerator(llm=Scripted()).process())
        >>> rows[0]["S2"], is_last
        ('Rain is falling.', True)
    """

    _schema_title: ClassVar[str] = "Triplet"

    language: str = "English"

    def format_input(self, input: Row) -> ChatType:  # noqa: ARG002 - there is no input
        """Return the chat that requests three sentences."""
        unit, high, low, difficulty = self._draw()
        fields = {"S1": f"a {unit}", "S2": f"a {unit} close to S1", "S3": f"a {unit} less close to S1"}
        rules = [
            f"On a scale from 1 (nothing in common) to 5 (the same meaning) S2 deserves {high} for how close it is to S1.",
            f"On the same scale S3 deserves {low}.",
            "How close they are lies in their meaning: they are built differently and share few words.",
            f"All three are in {self.language}, and to understand them takes {difficulty} education.",
            "Choose a subject that one would not think of first, and explain nothing beside the object.",
        ]
        return json_prompt(
            f"Make three texts in {self.language} that differ in how close they are.", fields, rules
        )


class _ExampleTask(Task):
    """What the four tasks that write one example of an embedding task share."""

    _schema_title: ClassVar[str]
    _fields: ClassVar[dict[str, str]]
    """The name and the meaning of each text of the example."""

    language: str = "English"
    seed: int = 42

    @property
    def inputs(self) -> StepColumns:
        """The embedding task."""
        return ["task"]

    @property
    def outputs(self) -> StepColumns:
        """The texts of the example and `model_name`."""
        return [*self._fields, "model_name"]

    def format_output(self, output: str | None, input: Row) -> dict[str, Any]:  # noqa: ARG002 - public API
        """Read the texts; raises DistilabelGenerationException where one is missing."""
        return texts_of(output, list(self._fields))

    def get_structured_output(self) -> dict[str, Any]:
        """Return the JSON schema of the answer."""
        return texts_schema(self._schema_title, list(self._fields))


class GenerateTextRetrievalData(_ExampleTask):
    """Write an example of a text retrieval task: a query, a relevant document, and one that only seems relevant.

    Attributes that are not set are drawn at random for each row, with the same result when the row is processed again.
    The tasks may come from `EmbeddingTaskGenerator(category="text-retrieval", flatten_tasks=True)`.

    Attributes:
        language: The language of the example; "English" by default.
        query_type: "extremely long-tail", "long-tail" or "common".
        query_length: "less than 5 words", "5 to 15 words" or "at least 10 words".
        difficulty: The education that a reader needs: "high school", "college" or "PhD".
        clarity: Of the query: "clear", "understandable with some effort" or "ambiguous".
        num_words: The minimum number of words of a document: 50, 100, 200, 300, 400 or 500.
        seed: Seed of the random values; 42 by default.

    Columns:
        In: `task`, the purpose of the retrieval. Out: `user_query`, `positive_document` and `hard_negative_document`
        (None where the answer lacks one of them), and `model_name`.

    References:
        Improving Text Embeddings with Large Language Models, https://arxiv.org/abs/2401.00368

    Examples:
        >>> from distilabel.models.llms.base import LLM
        >>> class Scripted(LLM):
        ...     @property
        ...     def model_name(self):
        ...         return "scripted"
        ...     def generate(self, inputs, num_generations=1):
        ...         said = '{"user_query": "tides", "positive_document": "Moon", "hard_negative_document": "Wind"}'
        ...         return [{"generations": [said] * num_generations} for _ in inputs]
        >>> task = GenerateTextRetrievalData(llm=Scripted())
        >>> next(task.process([{"task": "Find the cause of something in nature."}]))[0]["user_query"]
        'tides'
    """

    _schema_title: ClassVar[str] = "TextRetrieval"
    _fields: ClassVar[dict[str, str]] = {
        "user_query": "what a user types into a search for this task",
        "positive_document": "a document that serves the query",
        "hard_negative_document": "a document that seems to serve the query, and does so less well or not at all",
    }

    query_type: Optional[QueryType] = None
    query_length: Optional[QueryLength] = None
    difficulty: Optional[Difficulty] = None
    clarity: Optional[Clarity] = None
    num_words: Optional[NumWords] = None

    def format_input(self, input: Row) -> ChatType:
        """Return the chat that requests an example."""
        randomness = random_for(self.random, self.seed)
        kind = value_or_random(self.query_type, QueryType, randomness)
        length = value_or_random(self.query_length, QueryLength, randomness)
        clarity = value_or_random(self.clarity, Clarity, randomness)
        words = value_or_random(self.num_words, NumWords, randomness)
        difficulty = value_or_random(self.difficulty, Difficulty, randomness)
        rules = [
            f"The query is a {kind} one, has {length}, and is {clarity}; its subject may be from any field.",
            "The documents do not copy the query, and hold things that it does not ask for.",
            f"Each document has at least {words} words.",
            f"Everything is in {self.language}.",
            f"To understand it takes {difficulty} education.",
            "The hard negative shares words and subject with the query, but is of less use for it than the positive.",
            "Nothing is explained beside the object, and the query does not speak of documents.",
        ]
        return json_prompt(
            f"Make one example of this text retrieval task: {input['task']}", self._fields, rules
        )


class GenerateTextClassificationData(_ExampleTask):
    """Write an example of a text classification task: a text, its label, and a misleading label.

    Attributes that are not set are drawn at random for each row, with the same result when the row is processed again.
    The tasks may come from `EmbeddingTaskGenerator(category="text-classification", flatten_tasks=True)`.

    Attributes:
        language: The language of the example; "English" by default.
        difficulty: The education that a reader needs: "high school", "college" or "PhD".
        clarity: Of the text: "clear", "understandable with some effort" or "ambiguous".
        seed: Seed of the random values; 42 by default.

    Columns:
        In: `task`, the purpose of the classification. Out: `input_text`, `label` and `misleading_label` (None where the
        answer lacks one of them), and `model_name`.

    References:
        Improving Text Embeddings with Large Language Models, https://arxiv.org/abs/2401.00368

    Examples:
        >>> from distilabel.models.llms.base import LLM
        >>> class Scripted(LLM):
        ...     @property
        ...     def model_name(self):
        ...         return "scripted"
        ...     def generate(self, inputs, num_generations=1):
        ...         said = '{"input_text": "I am off!", "label": "joy", "misleading_label": "anger"}'
        ...         return [{"generations": [said] * num_generations} for _ in inputs]
        >>> task = GenerateTextClassificationData(llm=Scripted(), clarity="ambiguous")
        >>> row = next(task.process([{"task": "Tell the feeling of a message."}]))[0]
        >>> row["label"], row["misleading_label"]
        ('joy', 'anger')
    """

    _schema_title: ClassVar[str] = "TextClassification"
    _fields: ClassVar[dict[str, str]] = {
        "input_text": "the text to classify",
        "label": "its right label in the task",
        "misleading_label": "another label of the task that seems right and is not",
    }

    difficulty: Optional[Difficulty] = None
    clarity: Optional[Clarity] = None

    def format_input(self, input: Row) -> ChatType:
        """Return the chat that requests an example."""
        randomness = random_for(self.random, self.seed)
        clarity = value_or_random(self.clarity, Clarity, randomness)
        difficulty = value_or_random(self.difficulty, Difficulty, randomness)
        rules = [
            "The text is of any form and length that the task may meet, and does not name its label.",
            "The misleading label is one of the task's labels too, and has to do with the text.",
            f"Everything is in {self.language}.",
            f"The text is {clarity}, and to understand it takes {difficulty} education.",
            "Choose a subject that one would not think of first, and explain nothing beside the object.",
        ]
        return json_prompt(
            f"Make one example of this text classification task: {input['task']}", self._fields, rules
        )


class GenerateShortTextMatchingData(_ExampleTask):
    """Write an example of a text matching task with short texts: two texts that match.

    The tasks may come from `EmbeddingTaskGenerator(category="text-matching-short", flatten_tasks=True)`.

    Attributes:
        language: The language of the example; "English" by default.
        seed: Has no effect, because nothing is drawn. It exists so that all tasks of this family accept the same
            arguments.

    Columns:
        In: `task`, the purpose of the matching. Out: `input` and `positive_document` (None where the answer lacks one of
        them), and `model_name`.

    References:
        Improving Text Embeddings with Large Language Models, https://arxiv.org/abs/2401.00368

    Examples:
        >>> from distilabel.models.llms.base import LLM
        >>> class Scripted(LLM):
        ...     @property
        ...     def model_name(self):
        ...         return "scripted"
        ...     def generate(self, inputs, num_generations=1):
        ...         said = '{"input": "big", "positive_document": "large"}'
        ...         return [{"generations": [said] * num_generations} for _ in inputs]
        >>> task = GenerateShortTextMatchingData(llm=Scripted())
        >>> row = next(task.process([{"task": "Match words that mean the same."}]))[0]
        >>> row["input"], row["positive_document"]
        ('big', 'large')
    """

    _schema_title: ClassVar[str] = "ShortTextMatching"
    _fields: ClassVar[dict[str, str]] = {
        "input": "a short text that the task starts from",
        "positive_document": "a short text that matches it, in the sense of the task",
    }

    def format_input(self, input: Row) -> ChatType:
        """Return the chat that requests an example."""
        rules = [
            "Both texts are very short, a sentence or a phrase, and differ in most of their words.",
            f"Both are in {self.language}.",
            "Choose a subject that one would not think of first, and explain nothing beside the object.",
        ]
        return json_prompt(
            f"Make one example of this text matching task: {input['task']}", self._fields, rules
        )


class GenerateLongTextMatchingData(_ExampleTask):
    """Write an example of a text matching task with long texts: two texts that match.

    The tasks may come from `EmbeddingTaskGenerator(category="text-matching-long", flatten_tasks=True)`.

    Attributes:
        language: The language of the example; "English" by default.
        seed: Has no effect, because nothing is drawn. It exists so that all tasks of this family accept the same
            arguments.

    Columns:
        In: `task`, the purpose of the matching. Out: `input` and `positive_document` (None where the answer lacks one of
        them), and `model_name`.

    References:
        Improving Text Embeddings with Large Language Models, https://arxiv.org/abs/2401.00368

    Examples:
        >>> from distilabel.models.llms.base import LLM
        >>> class Scripted(LLM):
        ...     @property
        ...     def model_name(self):
        ...         return "scripted"
        ...     def generate(self, inputs, num_generations=1):
        ...         said = '{"input": "A storm ...", "positive_document": "Winds ..."}'
        ...         return [{"generations": [said] * num_generations} for _ in inputs]
        >>> task = GenerateLongTextMatchingData(llm=Scripted())
        >>> row = next(task.process([{"task": "Match the reports of one event."}]))[0]
        >>> row["input"], row["positive_document"]
        ('A storm ...', 'Winds ...')
    """

    _schema_title: ClassVar[str] = "LongTextMatching"
    _fields: ClassVar[dict[str, str]] = {
        "input": "a long text that the task starts from",
        "positive_document": "a long text that matches it, in the sense of the task",
    }

    def format_input(self, input: Row) -> ChatType:
        """Return the chat that requests an example."""
        rules = [
            "Both texts are long documents, of at least 300 words, and are not copies of one another.",
            f"Both are in {self.language}.",
            "Choose a subject that one would not think of first, and explain nothing beside the object.",
        ]
        return json_prompt(
            f"Make one example of this text matching task: {input['task']}", self._fields, rules
        )
