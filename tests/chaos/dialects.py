"""The dialects in which the cases are played: whose LLM, which emulator, and what has no meaning in them."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from fnmatch import fnmatchcase
from pathlib import Path
from typing import Any

from tests.chaos.cases import Case
from tests.chaos.faults import ACCOUNT, Call, Fault, Row
from tests.emulators.anthropic import ANTHROPIC
from tests.emulators.azure import AZURE
from tests.emulators.base import Emulator
from tests.emulators.bedrock import BEDROCK
from tests.emulators.fireworks import FIREWORKS
from tests.emulators.gemini import GEMINI
from tests.emulators.google_key import account_file
from tests.emulators.groq import GROQ
from tests.emulators.mistral import MISTRAL
from tests.emulators.openai import OPENAI
from tests.emulators.together import TOGETHER
from tests.emulators.vertex import VERTEX

__all__ = ["DIALECTS", "SAMPLED", "Dialect"]


@dataclass(frozen=True)
class Dialect:
    """One platform's dialect, as the cases are played in it.

    Attributes:
        emulator: What the platform wears.
        title: As people write it.
        llm: The class in `distilabel.llms`.
        address: The environment variable of the base URL.
        key: The environment variable of the key.
        options: What the class is given beside model, address and key.
        environment: The environment variables of its process, besides address and key.
        credentials: Given address, key and a folder, writes what proves who calls; returns the environment variables of its process.
        codes: For codes of failures, or patterns of `group: name`, how this dialect calls them.
        account: Status, code and message of what an account without credit, or without access, is told.
        without: Patterns of `group: name`, and why such cases are not played in this dialect.
        jobs: Whether the platform takes jobs.
    """

    emulator: Emulator
    title: str
    llm: str
    address: str
    key: str
    options: Mapping[str, Any] = field(default_factory=dict)
    environment: Mapping[str, str] = field(default_factory=dict)
    credentials: Callable[[str, str, Path], Mapping[str, str]] | None = None
    codes: Mapping[str, str] = field(default_factory=dict)
    account: tuple[int, str, str] = (
        429,
        "insufficient_quota",
        "You exceeded your current quota, please check your plan and billing details.",
    )
    without: Mapping[str, str] = field(default_factory=dict)
    jobs: bool = True

    @property
    def name(self) -> str:
        """The platform's name, as in the registry."""
        return self.emulator.name

    def environment_of(self, address: str, key: str, folder: Path) -> dict[str, str]:
        """Return what is in the environment of a process of its."""
        more = self.credentials(address, key, folder) if self.credentials else {self.key: key}
        return {self.address: address, **self.environment, **more}

    def exists(self) -> bool:
        """Tell whether there is such a class."""
        from distilabel import llms

        return hasattr(llms, self.llm)

    def why_not(self, case: Case) -> str:
        """Say why a case is not played in this dialect; "" if it is."""
        name = f"{case.group}: {case.name}"
        if name in _ONLY and self.name not in _ONLY[name][0]:
            return _ONLY[name][1]
        without = {**self.without, **(_SAME if self.emulator is not OPENAI else {})}
        return next((why for shape, why in without.items() if fnmatchcase(name, shape)), "")

    def of(self, case: Case) -> Case:
        """Return the case with the codes and the words that this dialect has."""
        name = f"{case.group}: {case.name}"
        of_case = next((code for shape, code in self.codes.items() if fnmatchcase(name, shape)), None)
        codes = {
            number: of_case or self.codes.get(code, code) for number, code in case.expected.unanswered.items()
        }
        faults = tuple(map(self._in_own_words, case.faults))
        return replace(case, faults=faults, expected=replace(case.expected, unanswered=codes))

    def _in_own_words(self, fault: Fault) -> Fault:
        if not isinstance(fault, Call | Row) or fault.code != ACCOUNT:
            return fault
        status, code, message = self.account
        return replace(fault, status=status, code=code, message=message)


_SAME = {
    "disk: *": "The disk is the same whatever the dialect.",
    "process: *[!n]": "The ledger is the same whatever the dialect.",
    "process: *[!i]n": "The ledger is the same whatever the dialect.",
    "http: *TLS*": "The connection is the same whatever the dialect.",
    "http: DNS fails": "The connection is the same whatever the dialect.",
}
"""What is played in OpenAI's dialect alone. (Of `process`, `killed at every point, creation uncertain` stays.)"""

_ONLY = {
    "http: create: 429 with RetryInfo": (
        ("gemini", "vertex"),
        "Only Google's errors say in their body when to come again.",
    ),
    "http: create: 429 with anthropic-ratelimit-reset": (
        ("anthropic",),
        "Only Anthropic has limits of these names.",
    ),
}
"""What only some dialects have."""

_AT_CREATION = "No job of this platform fails later: what is wrong is said when it is created."
_ONE_FILE = "This platform has one result file for all outcomes."
_NO_LINES = "This platform says why a job failed, but not at which line."
_NO_QUOTA = "This platform reports a full queue when a job is created."
_NO_PAGES = {"*: *endless list": "This platform's lists have no pages."}
_NO_402 = "No code of google.rpc.Code stands for HTTP 402."
_NO_INPUT = "This platform does not give back what was sent to it."
_REJECTED = (
    "bad line",
    "several bad lines",
    "wrong model",
    "too many tasks",
    "failed*",
    "no credit, later",
    "quota*",
)


def _jobs(why: str, *names: str) -> dict[str, str]:
    return {f"jobs: {name}": why for name in names}


_ROLE = "arn:aws:iam::123456789012:role/r"
_OPENAI = Dialect(OPENAI, "OpenAI", "OpenAILLM", "OPENAI_BASE_URL", "OPENAI_API_KEY")
_ANTHROPIC = Dialect(
    ANTHROPIC, "Anthropic", "AnthropicLLM", "ANTHROPIC_BASE_URL", "ANTHROPIC_API_KEY",
    codes={
        "invalid_prompt": "invalid_request_error", "rows: content filter": "invalid_request_error",
        "lines: content filter*": "refusal", "server_error": "api_error",
    },
    # https://github.com/anthropics/claude-code/issues/66314
    account=(
        400, "invalid_request_error",
        "Your credit balance is too low to access the Anthropic API. Please go to Plans & Billing to purchase credits.",
    ),
    without={
        "disaster: cache deleted while jobs run": "Whose a batch is shows only in its results: a warning says that it must "
        "be recovered when it has ended.",
        "lines: error*file*": _ONE_FILE,
        "http: upload*": "This platform takes the requests within the call that creates the job.",
        "disaster: cache deleted, input file gone": _NO_INPUT,
        **_jobs(_AT_CREATION, *_REJECTED),
    },
)  # fmt: skip
_GEMINI = Dialect(
    GEMINI, "Gemini API", "GeminiLLM", "GOOGLE_GEMINI_BASE_URL", "GEMINI_API_KEY",
    codes={
        "invalid_prompt": "INVALID_ARGUMENT", "rows: content filter": "INVALID_ARGUMENT", "server_error": "INTERNAL",
        "batch_expired": "DEADLINE_EXCEEDED", "lines: content filter*": "refusal",
    },
    account=(400, "API_KEY_INVALID", "API key not valid. Please pass a valid API key."),
    without={
        "rows: no credit: 402": _NO_402,
        "lines: error*file*": _ONE_FILE,
        "disaster: cache deleted, input file gone": _NO_INPUT,
        "disaster: cache deleted while jobs run": "What is in a batch shows only in its results: a warning says that it must "
        "be recovered when it has ended.",
        "*: *expired half done*": "This platform gives nothing of a job that expired.",
        "jobs: expiring always": "This platform gives nothing of a job that expired.",
        "jobs: one of several jobs expired": "This platform gives nothing of a job that expired.",
        "disaster: *expired job": "This platform gives nothing of a job that expired.",
        **_jobs(_NO_LINES, "bad line", "several bad lines"),
        **_jobs(_NO_QUOTA, "quota*"),
    },
)  # fmt: skip


def _google(address: str, key: str, folder: Path) -> dict[str, str]:
    account = account_file(address, key, folder)
    return {"GOOGLE_APPLICATION_CREDENTIALS": str(account), "STORAGE_EMULATOR_HOST": address}


_VERTEX = Dialect(
    VERTEX, "Vertex AI", "VertexAILLM", "GOOGLE_VERTEX_BASE_URL", "",
    options={"api_key": None, "project": "p", "location": "us-central1", "bucket": "my-bucket"},
    environment={
        "GOOGLE_CLOUD_PROJECT": "p", "GOOGLE_CLOUD_LOCATION": "us-central1",
        "GOOGLE_CLOUD_STORAGE_BUCKET": "my-bucket",
    },
    credentials=_google,
    codes=_GEMINI.codes,
    # https://github.com/GoogleCloudPlatform/php-docs-samples/issues/1235
    account=(
        403, "BILLING_DISABLED",
        "This API method requires billing to be enabled. Please enable billing on project #1 then retry.",
    ),
    without={
        "rows: no credit: 402": _NO_402,
        "lines: error*file*": _ONE_FILE,
        **_jobs(_NO_LINES, "bad line", "several bad lines"),
        **_jobs(_NO_QUOTA, "quota*"),
    },
)  # fmt: skip
_MISTRAL = Dialect(
    MISTRAL, "Mistral", "MistralLLM", "MISTRAL_BASE_URL", "MISTRAL_API_KEY",
    without={
        "lines: refusal": "This platform's answers have no field for a refusal.",
        "lines: content filter*": "No answer of this platform ends with `content_filter`.",
        **_jobs(_NO_LINES, "bad line", "several bad lines"),
        **_jobs(_NO_QUOTA, "quota*"),
    },
)  # fmt: skip
_GROQ = Dialect(GROQ, "Groq", "GroqLLM", "GROQ_BASE_URL", "GROQ_API_KEY", without=_NO_PAGES)
_AZURE = Dialect(AZURE, "Azure OpenAI", "AzureOpenAILLM", "AZURE_OPENAI_ENDPOINT", "AZURE_OPENAI_API_KEY")
_TOGETHER = Dialect(
    TOGETHER, "Together", "TogetherLLM", "TOGETHER_BASE_URL", "TOGETHER_API_KEY",
    without={**_NO_PAGES, **_jobs(_NO_LINES, "bad line", "several bad lines"), **_jobs(_NO_QUOTA, "quota*")},
)  # fmt: skip
_FIREWORKS = Dialect(
    FIREWORKS, "Fireworks", "FireworksLLM", "FIREWORKS_BASE_URL", "FIREWORKS_API_KEY",
    options={"account_id": "acme"}, environment={"FIREWORKS_ACCOUNT_ID": "acme"},
    account=(
        412, "PRECONDITION_FAILED",
        "Account acme is suspended, possibly due to reaching the monthly spending limit or failure to pay past invoices.",
    ),
    without={
        **_jobs(_NO_LINES, "bad line", "several bad lines"), **_jobs(_NO_QUOTA, "quota*"),
        "jobs: file empty at first": "The location of a file comes in a separate call, which cannot be empty.",
    },
)  # fmt: skip
_BEDROCK = Dialect(
    BEDROCK, "AWS Bedrock", "BedrockLLM", "AWS_ENDPOINT_URL", "AWS_ACCESS_KEY_ID",
    options={"api_key": None, "bucket": "my-bucket", "role_arn": _ROLE},
    environment={
        "AWS_SECRET_ACCESS_KEY": "s", "AWS_REGION": "us-east-1", "BEDROCK_BATCH_BUCKET": "my-bucket",
        "BEDROCK_BATCH_ROLE_ARN": _ROLE,
    },
    codes={
        "invalid_prompt": "http_400", "rows: content filter": "http_400", "server_error": "http_500",
        "batch_expired": "http_408", "lines: content filter*": "refusal",
    },
    account=(403, "AccessDeniedException", "You don't have access to the model with the specified model ID."),
    without={
        "lines: error*file*": _ONE_FILE,
        **_jobs(_NO_LINES, "bad line", "several bad lines"),
        **_jobs(_NO_QUOTA, "quota*"),
    },
)  # fmt: skip
_COMPATIBLE = Dialect(
    replace(OPENAI, name="compatible"), "OpenAI-compatible", "OpenAICompatibleLLM", "OPENAI_COMPATIBLE_BASE_URL",
    "OPENAI_COMPATIBLE_API_KEY",
    without={"*": "This is OpenAI's dialect."},
)  # fmt: skip
_VLLM = Dialect(
    replace(OPENAI, name="vllm-server"), "vLLM", "ClientvLLM", "VLLM_BASE_URL", "VLLM_API_KEY",
    without={"*": "This platform takes no jobs."}, jobs=False,
)  # fmt: skip
_OLLAMA = Dialect(
    replace(OPENAI, name="ollama"), "Ollama", "OllamaLLM", "OLLAMA_HOST", "OLLAMA_API_KEY",
    without={"*": "This platform takes no jobs."}, jobs=False,
)  # fmt: skip

SAMPLED = frozenset({
    "lines: doubled", "lines: foreign lines", "lines: lost once: missing", "rows: failed in every way at once",
    "jobs: cancelled half done", "jobs: deleted", "http: create: carried out and cut",
    "http: create: cut, among many jobs", "disaster: cache deleted after submitting",
})  # fmt: skip
"""The cases that `make test` plays in every dialect."""

DIALECTS = {
    dialect.name: dialect
    for dialect in (
        _OPENAI, _ANTHROPIC, _GEMINI, _VERTEX, _MISTRAL, _GROQ, _AZURE, _TOGETHER, _FIREWORKS, _BEDROCK, _COMPATIBLE,
        _VLLM, _OLLAMA,
    )
}  # fmt: skip
"""All dialects by the platform's name; of those without a class in this version, no case is played."""
