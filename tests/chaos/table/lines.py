"""Result files: lines that are shuffled, doubled, foreign, lost or odd."""

from typing import Any

from tests.chaos.cases import Case, Expected
from tests.chaos.faults import Answers, Fault, Job, Line, Row
from tests.chaos.table.common import AGAIN, RIGHT, SOME, unanswered

__all__ = ["LINES"]


def _case(name: str, fault: str, outcome: str = RIGHT, *faults: Fault, **more: Any) -> Case:
    """Return a case about result files."""
    return Case(name, "lines", fault, outcome, faults, **more)


_LOST_LINES = {
    "missing": "are in neither of the two files",
    "no JSON": "are an error text of some proxy in place of JSON",
    "half a line": "are cut off in the middle",
    "no name": "have no custom_id",
    "a list": "are a JSON list in place of an object",
    "empty body": "are a 200 with an empty body",
    "null body": "are a 200 whose body is null",
    "text body": "are a 200 whose body is a plain text",
    "no choices": "are a 200 without choices",
    "null choices": "are a 200 whose choices are null",
    "null message": "are a 200 whose message is null",
    "null content": "are a 200 whose content is null, with neither refusal nor tool call",
    "status 0": "have status 0 and an empty body, in the output file",
    "null status": "have a status of null",
    "neither": "have neither response nor error",
    "error in a 200": "are a 200 whose body is an error",
    "response error": "have status 503 and `error: null`, in the output file",
    "never run": "have `response: null` and a retryable error",
}

LINES = [
    _case(
        "shuffled", "The lines of the output file come in any order.", RIGHT, Line("shuffled"), sample=True
    ),
    _case("backwards", "The lines come in the opposite order.", RIGHT, Line("backwards")),
    _case("doubled", "Every line comes twice.", RIGHT, Line("twice"), sample=True),
    _case(
        "first failed, then answered",
        "A row has two lines: a failure, and then an answer.",
        "The answer counts; nothing is sent again.",
        Line("after a failure", SOME),
    ),
    _case(
        "first answered, then failed",
        "A row has two lines: an answer, and then a failure.",
        "The answer counts; nothing is sent again.",
        Line("before a failure", SOME),
    ),
    _case(
        "foreign lines",
        "The file holds lines under ids that were never sent, some of them in the shape of ours.",
        "They are counted in the job's anomalies and go to no row.",
        Line("foreign lines"),
        sample=True,
    ),
    _case(
        "lines of other jobs",
        "The file of a job holds lines of our other jobs, with answers that nobody gave.",
        "They go to no row: a line counts only in the results of the job that asked for it.",
        Line("lines of other jobs"),
        spec={"per_job": 11},
        sample=True,
    ),
    _case("no newline at the end", "The last line of the file has no end.", RIGHT, Answers(last_end=False)),
    _case("blank lines", "Blank lines stand between the lines.", RIGHT, Line("blank lines")),
    _case("CRLF", "Lines end with a carriage return and a newline.", RIGHT, Answers(line_end=b"\r\n")),
    *(
        _case(
            f"lost once: {how}",
            f"Some lines {text}.",
            f"The platform lost these answers. {AGAIN}",
            Line(how, SOME, times=1),
            sample=how in ("missing", "half a line"),
        )
        for how, text in _LOST_LINES.items()
    ),
    _case(
        "lost always: missing",
        "Some rows are in neither file, however often they are sent.",
        "After three attempts they end as None with the code `missing`.",
        Line("missing", SOME),
        expected=unanswered(SOME, "missing"),
        sample=True,
    ),
    _case(
        "lost always: empty body",
        "Some rows come back as a 200 with nothing in it, however often they are sent.",
        "After three attempts they end as None with the code `empty_reply`.",
        Line("empty body", SOME),
        expected=unanswered(SOME, "empty_reply"),
    ),
    _case(
        "all lines lost once",
        "The job is completed and its file is empty.",
        "All rows are sent again in a second job, and then answered.",
        Line("missing", times=1),
    ),
    _case(
        "refusal",
        "Some answers have no content but a refusal.",
        "These rows end as None with the code `refusal` and the model's words; they are not sent again.",
        Line("refusal", SOME),
        expected=unanswered(SOME, "refusal"),
        sample=True,
    ),
    _case(
        "content filter in the answer",
        "Some answers have no content and the finish_reason `content_filter`.",
        "These rows end as None with the code `content_filter`; they are not sent again.",
        Line("filtered answer", SOME),
        expected=unanswered(SOME, "content_filter"),
    ),
    _case(
        "content filter leaves the empty text",
        'Some answers are `""` with the finish_reason `content_filter`.',
        "These rows have no answer and the code `content_filter`; they are counted, and not sent again.",
        Line("filtered to nothing", SOME),
        expected=unanswered(SOME, "content_filter"),
        sample=True,
    ),
    _case(
        "finish_reason length",
        "Some answers were cut short by the token limit.",
        "What was paid for is kept: the row has the beginning of the answer.",
        Line("cut short", SOME),
        expected=Expected(cut_short=SOME),
    ),
    _case(
        "cut while it reasoned",
        "Some answers have no content: the token limit ended the reasoning before them.",
        "The row has the empty text, its reasoning and the code `length`; nothing is sent again.",
        Line("cut while it reasoned", SOME),
        expected=Expected(cut_off=SOME),
    ),
    _case(
        "body in a string",
        "Some lines have a body that is a JSON string, which holds the response.",
        RIGHT,
        Line("JSON in a string", SOME),
    ),
    _case(
        "byte order mark",
        "The file begins with a byte order mark.",
        RIGHT,
        Answers(start=b"\xef\xbb\xbf"),
        sample=True,
    ),
    _case(
        "error file of 0 bytes",
        "The job names an error file that is empty.",
        RIGHT,
        Job("says", always={"error_file_id": "file-empty"}),
        sample=True,
    ),
    _case(
        "error_file_id empty",
        'The job says `error_file_id: ""`.',
        RIGHT,
        Job("says", always={"error_file_id": ""}),
    ),
    _case(
        "output_file_id null",
        "Every row failed: the job is completed, `output_file_id` is null, all lines are in the error file.",
        "All rows are sent again in a second job, and then answered.",
        Row(500, "server_error", times=1),
    ),
    *(
        _case(
            f"answers with {name}",
            f"Every answer holds {name}.",
            "The answers are kept to the character; lines end at a newline byte and nowhere else.",
            Answers(ending=text),
            expected=Expected(ending=text),
            sample=name == "U+2028, U+2029 and U+0085",
        )
        for name, text in {
            "U+2028, U+2029 and U+0085": "a\u2028b\u2029c\x85d",
            "a NUL": "a\x00b",
            "carriage returns": "a\r\nb\rc\r\n",
            "emoji, Arabic and Chinese": "🦜 مرحبا 富士山",
            "U+FEFF, U+FFFF and control characters": "\ufeffa\uffff\x01\x1f\x7fb",
        }.items()
    ),
    _case(
        "answers with a lone surrogate",
        "Every answer ends with half of an emoji, as a token limit leaves it; JSON can carry it, UTF-8 cannot.",
        "The answer is kept, with U+FFFD in place of the half; nothing is sent again.",
        Answers(ending="\ud83e"),
        expected=Expected(ending="\ufffd"),
        sample=True,
    ),
]
