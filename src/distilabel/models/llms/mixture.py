"""Mixture of agents: several LLMs propose answers, one aggregates them."""

from collections.abc import Sequence
from typing import Any, Self

from pydantic import Field, PositiveInt, model_validator

from distilabel.exceptions import DistilabelOfflineBatchGenerationNotFinishedException, DistilabelUserError
from distilabel.models.base import ACCOUNT_REFUSED
from distilabel.models.llms.base import LLM
from distilabel.models.llms.thinking import without_thinking
from distilabel.typing import ChatItem, ChatType, FailureReason, FormattedInput, GenerateOutput

__all__ = ["MixtureOfAgentsLLM"]

_PROMPT = """\
Several models have answered the last message of the user; their answers are below. Write one answer of your own that \
takes the best of each. Do not trust them blindly: some may be wrong, one-sided or incomplete, and where they \
contradict each other you have to decide. Do not mention them: the user knows nothing of them. The answer must be \
correct, complete and well ordered.

The answers of the models:
"""


class MixtureOfAgentsLLM(LLM):
    """Several LLMs propose answers to each input, and one aggregates them.

    From the second round on, each proposer sees all proposals of the round before. Each LLM works online or by offline
    batch, as it is configured. Offline, a round is submitted for all rows together, and the next round starts when its
    answers are there.

    Attributes:
        aggregator_llm: Aggregates the proposals into the answer.
        proposers_llms: Propose answers.
        rounds: The number of rounds of proposals.

    A proposal that fails is left out. If all proposals for an input fail, its generations fail. The token counts of the
    first generation include all requests for an input. Set generation arguments in the `generation_kwargs` of the LLMs.

    References:
        Mixture-of-Agents Enhances Large Language Model Capabilities, https://arxiv.org/abs/2406.04692

    Raises:
        DistilabelUserError: There is no proposer, or `use_offline_batch_generation` is set on the mixture itself.

    Examples:
        >>> class Saying(LLM):
        ...     text: str
        ...     @property
        ...     def model_name(self):
        ...         return "saying"
        ...     def generate(self, inputs, num_generations=1):
        ...         return [{"generations": [self.text] * num_generations} for _ in inputs]
        >>> class Counting(LLM):
        ...     @property
        ...     def model_name(self):
        ...         return "counting"
        ...     def generate(self, inputs, num_generations=1):
        ...         return [{"generations": [f"{chat[0]['content'].count('prime')} say prime"]} for chat in inputs]
        >>> llm = MixtureOfAgentsLLM(
        ...     aggregator_llm=Counting(), proposers_llms=[Saying(text="7 is prime"), Saying(text="Yes, prime")]
        ... )
        >>> llm.generate_outputs(inputs=[[{"role": "user", "content": "What is 7?"}]])[0]["generations"]
        ['2 say prime']
    """

    aggregator_llm: LLM
    proposers_llms: list[LLM] = Field(min_length=1)
    rounds: PositiveInt = 1

    @model_validator(mode="after")
    def _check(self) -> Self:
        if self.use_offline_batch_generation:
            raise DistilabelUserError(
                "A MixtureOfAgentsLLM sends no requests itself: set use_offline_batch_generation on aggregator_llm and on "
                "each of proposers_llms.",
            )
        return self

    @property
    def _llms(self) -> list[LLM]:
        return list({id(llm): llm for llm in (*self.proposers_llms, self.aggregator_llm)}.values())

    @property
    def model_name(self) -> str:
        """The name of the aggregator's model."""
        return self.aggregator_llm.model_name

    def load(self) -> None:
        """Load all LLMs.

        Raises:
            DistilabelUserError: An LLM has a custom batch protocol, which has one set of jobs for all rows.
        """
        super().load()
        for llm in self._llms:
            if llm.requires_all_inputs:
                raise DistilabelUserError(
                    f"{type(llm).__name__} keeps one set of batch jobs and cannot be part of a MixtureOfAgentsLLM: set "
                    "use_offline_batch_generation=False, or use an LLM such as OpenAILLM.",
                )
            llm.load()

    def unload(self) -> None:
        """Unload all LLMs."""
        for llm in self._llms:
            llm.unload()
        super().unload()

    def generate(self, inputs: list[FormattedInput], num_generations: int = 1) -> list[GenerateOutput]:  # type: ignore[override]
        """Generate rounds of proposals, then aggregate them.

        Args:
            inputs: Chats, or pairs of a chat and the structure of its answer; only the final
                answer has the structure.
            num_generations: The number of final answers; all are based on the same proposals.

        Raises:
            DistilabelOfflineBatchGenerationNotFinishedException: Batch jobs of one of the LLMs are not finished.
        """
        questions = [_Question(given) for given in inputs]
        for _ in range(self.rounds):
            self._propose([question for question in questions if not question.hopeless])
        asked = [question for question in questions if not question.hopeless]
        structured = [question.structured for question in asked]
        outputs = iter(_ask(self.aggregator_llm, structured, num_generations))
        return [
            _hopeless(question, num_generations) if question.hopeless else question.with_costs(next(outputs))
            for question in questions
        ]

    def _propose(self, questions: Sequence["_Question"]) -> None:
        """Run one round; offline, the requests of all proposers are submitted first."""
        chats: list[FormattedInput] = [question.chat for question in questions]
        rounds: list[list[GenerateOutput]] = []
        waiting: list[str] = []
        unfinished = False
        for llm in self.proposers_llms:
            try:
                rounds.append(_ask(llm, chats, 1))
            except DistilabelOfflineBatchGenerationNotFinishedException as error:
                unfinished = True
                waiting += error.jobs_ids
        if unfinished:
            raise DistilabelOfflineBatchGenerationNotFinishedException(jobs_ids=dict.fromkeys(waiting))
        for question, outputs in zip(questions, zip(*rounds, strict=True), strict=True):
            question.add_proposals(outputs)


def _ask(llm: LLM, inputs: list[FormattedInput], num_generations: int) -> list[GenerateOutput]:
    if not inputs:
        return []
    outputs = llm.generate_outputs(inputs, num_generations, **llm.get_generation_kwargs())
    if len(outputs) != len(inputs):
        raise DistilabelUserError(
            f"{type(llm).__name__} returned {len(outputs)} outputs for {len(inputs)} inputs: generate() must return one "
            "for each, in the same order.",
        )
    return [without_thinking(output) for output in outputs]


class _Question:
    """The state of one input through the rounds."""

    def __init__(self, given: FormattedInput) -> None:
        chat, self._structure = given if isinstance(given, tuple) else (given, None)
        self._original: ChatType = chat
        self._is_structured = isinstance(given, tuple)
        self._tokens: dict[str, int] = {}
        self.chat: ChatType = chat
        self.failures: list[FailureReason] = []
        self.hopeless = False

    @property
    def structured(self) -> FormattedInput:
        """The chat, with the structure of its answer if there is one."""
        return (self.chat, self._structure) if self._is_structured else self.chat

    def add_proposals(self, outputs: Sequence[GenerateOutput]) -> None:
        """Record the proposals of one round."""
        texts = [text for output in outputs for text in output.get("generations") or [] if text is not None]
        self.failures = [reason for output in outputs for reason in output.get("failures") or [] if reason]
        # A platform refuses the account: the answer waits, and is not made of the proposals of the others.
        waits = [reason for reason in self.failures if reason["code"] == ACCOUNT_REFUSED]
        self.failures = waits or self.failures
        self.hopeless = not texts or bool(waits)
        self.chat = _with_proposals(self._original, texts)
        for output in outputs:
            for name, counts in _statistics(output).items():
                self._tokens[name] = self._tokens.get(name, 0) + sum(counts)

    def with_costs(self, output: GenerateOutput) -> GenerateOutput:
        """Add the token counts of the proposals to the first generation."""
        counted = _statistics(output)
        length = len(output.get("generations") or ())
        for name in {**counted, **self._tokens}:
            counts = list(counted.get(name) or [0] * length)
            counted[name] = [
                count + (self._tokens.get(name, 0) if i == 0 else 0) for i, count in enumerate(counts)
            ]
        statistics: Any = {"statistics": counted} if counted else {}
        return {**output, **statistics}


def _statistics(output: GenerateOutput) -> dict[str, list[int]]:
    counted: Any = output.get("statistics") or {}
    return {name: [count or 0 for count in counts] for name, counts in counted.items()}


def _with_proposals(chat: ChatType, texts: Sequence[str]) -> ChatType:
    """Put the proposals at the start of the system prompt."""
    listed = "\n".join(f"{number}. {text}" for number, text in enumerate(texts, 1))
    own = [message for message in chat if message["role"] == "system"]
    rest = [message for message in chat if message["role"] != "system"]
    prompts = "\n\n".join([_PROMPT + listed, *(str(message["content"]) for message in own)])
    system: ChatItem = {"role": "system", "content": prompts}
    return [system, *rest]


def _hopeless(question: _Question, num_generations: int) -> GenerateOutput:
    none: FailureReason = {
        "code": "no_proposal", "message": "None of the proposers returned a text.", "attempts": 1, "job_id": None,
    }  # fmt: skip
    reason = question.failures[0] if question.failures else none
    output: GenerateOutput = {"generations": [None] * num_generations, "failures": [reason] * num_generations}
    return question.with_costs(output)
