"""APIGen: queries and calls are read out of answers, carried out in a process of their own, and judged."""

import contextlib
import json
import os
import select
import socket
import subprocess
import sys
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from distilabel.exceptions import DistilabelUserError
from distilabel.pipeline import Pipeline
from distilabel.steps import LoadDataFromDicts
from distilabel.steps.base import validate_step
from distilabel.steps.tasks import APIGenExecutionChecker, APIGenGenerator, APIGenSemanticChecker
from distilabel.steps.tasks.apigen import runner
from distilabel.steps.tasks.apigen.functions import danger_in, function_in
from distilabel.steps.tasks.apigen.parsing import json_in

from .scripted import FAILURE, ScriptedLLM, failure_of, run, saying

ROW = {"func_name": "add", "func_desc": "Adds a and b.", "examples": "QUERY: 1 + 1?"}
CALL = {"name": "add", "arguments": {"a": 1, "b": 2}}
PAIR = {"query": "What is 1 + 2?", "answers": [CALL]}
LIBRARY = """\
import json
import os

def add(a, b): return a + b
def greet(name="you"): return f"Hi {name} \\ud800"
def broken(x): raise KeyError(x)
def leave(): raise SystemExit(3)
def noisy():
    print('{"ok": true, "result": "forged"}')
    return [1, {"a": None}]
def odd(): return object
def hang():
    open(__file__ + ".hangs", "w").close()
    while True: pass
def rude(): os._exit(1)
def environment(): return dict(os.environ)
def helper(path): return json.dumps(path)
"""

POSIX = pytest.mark.skipif(sys.platform != "linux", reason="other systems limit less, and have no /proc")


@pytest.fixture
def library(tmp_path: Path) -> str:
    path = tmp_path / "library.py"
    path.write_text(LIBRARY)
    return str(path)


def checked(library, *calls, **fields):
    step = APIGenExecutionChecker(**{"libpath": library, "check_is_dangerous": False, **fields})
    step.load()
    (row,) = run(step, [{"answers": json.dumps([{"name": n, "arguments": a} for n, a in calls])}])
    return row["keep_row_after_execution_check"], row["execution_result"]


class TestGenerator:
    def test_prompt_tells_function_examples_and_number(self):
        task = APIGenGenerator(llm=saying(), number=3)
        validate_step(task)
        system, user = task.format_input({**ROW, "tools": [{"name": "sub"}]})
        assert "Reply with JSON alone" in system["content"]
        for part in ("add\nAdds a and b.", "QUERY: 1 + 1?", "Write 3 queries"):
            assert part in user["content"]
        assert "sub" not in user["content"]
        message = APIGenGenerator(llm=saying(), use_tools=True).format_input(
            {**ROW, "tools": [{"name": "sub"}]}
        )
        assert '[{"name": "sub"}]' in message[1]["content"]
        assert "Write 1 query that" in message[1]["content"]

    @pytest.mark.parametrize(
        "text",
        [
            json.dumps([PAIR]),
            json.dumps({"pairs": [PAIR]}),
            json.dumps(PAIR),
            "Here you are:\n```json\n" + json.dumps([PAIR], indent=2) + "\n```\nGood luck [with it]!",
            json.dumps([{**PAIR, "answers": CALL}]),
            json.dumps([{**PAIR, "answers": [{**CALL, "arguments": '{"a": 1, "b": 2}'}]}]),
            json.dumps(["junk", {"query": " "}, PAIR, PAIR]),
        ],
    )
    def test_query_and_calls_are_read_whatever_stands_around_them(self, text):
        (row,) = run(APIGenGenerator(llm=saying(text)), [ROW])
        assert row["query"] == "What is 1 + 2?"
        assert json.loads(row["answers"]) == [CALL]

    @pytest.mark.parametrize(
        ("text", "reason"),
        [
            ("I cannot.", "holds no JSON"),
            ("[" * 5000, "holds no JSON"),
            ("[]", "holds no queries"),
            ('[{"query": "x"}]', "there are no calls"),
            ('[{"query": "x", "answers": [{"arguments": {}}]}]', "an object with a name"),
            ('[{"query": "x", "answers": [{"name": "f", "arguments": [1]}]}]', "must be an object"),
            ('[{"query": 1, "answers": []}]', "a query must be a text"),
        ],
    )
    def test_hopeless_answer_costs_its_row_alone(self, text, reason):
        rows = run(APIGenGenerator(name="g", llm=saying(text, json.dumps([PAIR]))), [ROW, ROW])
        assert [row["query"] for row in rows] == [None, "What is 1 + 2?"]
        assert reason in failure_of(rows[0], "g")["message"]

    def test_several_queries_are_lists(self):
        (row,) = run(
            APIGenGenerator(llm=saying(json.dumps([PAIR, {**PAIR, "query": "And?"}])), number=2), [ROW]
        )
        assert row["query"] == ["What is 1 + 2?", "And?"]
        assert [json.loads(text) for text in row["answers"]] == [[CALL], [CALL]]

    def test_number_is_picked_by_the_row(self):
        def numbers(number):
            task = APIGenGenerator(llm=saying(), number=number)
            texts = [task.format_input({**ROW, "func_desc": str(i)})[1]["content"] for i in range(60)]
            return [text.rpartition("Write ")[2].split()[0] for text in texts]

        assert set(numbers([1, 3])) == {"1", "3"}
        assert numbers([1, 3]) == numbers([1, 3])
        assert set(numbers({1: 0.5, 2: 0.5, 9: 0})) == {"1", "2"}

    @pytest.mark.parametrize("number", [{1: 0.5}, [], {}])
    def test_number_that_cannot_be_picked_is_reported(self, number):
        with pytest.raises(DistilabelUserError, match=r"add up to 0\.5|empty `number`"):
            APIGenGenerator(llm=saying(), number=number)

    @given(st.text(alphabet='[]{}":,ab1 \\'))
    @settings(deadline=None)
    def test_any_text_is_read_or_refused(self, text):
        with contextlib.suppress(ValueError):
            assert isinstance(json_in(text), list | dict)


class TestExecution:
    def test_calls_are_carried_out_and_what_they_return_is_text(self, library):
        step = APIGenExecutionChecker(libpath=library)
        validate_step(step)
        kept, results = checked(library, ("add", {"a": 1, "b": 2}), ("greet", {"name": "é"}), ("noisy", {}))
        assert kept
        assert results == ["3", "Hi é ?", '[1, {"a": null}]']
        assert checked(library, ("odd", {})) == (True, ["<class 'object'>"])

    @pytest.mark.parametrize(
        ("name", "arguments", "result"),
        [
            ("broken", {"x": "k"}, "KeyError: 'k'"),
            ("add", {"a": 1}, "missing 1 required positional argument: 'b'"),
            ("leave", {}, "SystemExit: 3"),
            ("rude", {}, "the call ended its process"),
            ("absent", {}, "there is no function 'absent' in library.py"),
            ("json", {}, "there is no function 'json'"),
            ("../library", {}, "there is no function '../library'"),
        ],
    )
    def test_call_that_does_not_return_is_reported_and_its_row_not_kept(
        self, library, name, arguments, result
    ):
        kept, results = checked(library, (name, arguments))
        assert not kept
        assert result in results[0]

    def test_calls_before_one_that_ends_its_process_are_kept(self, library):
        assert checked(library, ("add", {"a": 1, "b": 2}), ("rude", {}), ("add", {"a": 1, "b": 2})) == (
            False, ["3", "the call ended its process", "the call ended its process"],
        )  # fmt: skip

    def test_time_is_limited(self, library, monkeypatch):
        communicate = subprocess.Popen.communicate

        def once_it_hangs(process, given=None, timeout=None):
            while not Path(f"{library}.hangs").exists():
                with contextlib.suppress(subprocess.TimeoutExpired):
                    return communicate(process, given, 0.01)
                given = None  # it takes its input once
            return communicate(process, given, timeout)

        monkeypatch.setattr(subprocess.Popen, "communicate", once_it_hangs)
        kept, results = checked(library, ("add", {"a": 1, "b": 2}), ("hang", {}), timeout=0.2)
        assert (kept, results) == (False, ["3", "TimeoutError: no answer within 0.2 s"])

    def test_environment_holds_what_python_needs_and_what_the_step_names(self, library, monkeypatch):
        for name in ("OPENAI_API_KEY", "DATABASE_URL", "GH_PAT", "COLOUR", "HOME"):
            monkeypatch.setenv(name, "5up3r-53cr3t")
        monkeypatch.setenv("SHAPE", "round")
        _, (seen,) = checked(library, ("environment", {}), environment=["SHAPE"])
        assert "5up3r" not in seen
        assert json.loads(seen)["SHAPE"] == "round"
        assert json.loads(seen)["PATH"] == os.environ["PATH"]

    @POSIX
    @pytest.mark.parametrize(
        ("code", "result"),
        [
            ("len(bytearray(300 << 20))", "MemoryError"),
            ("[open(__file__) for _ in range(300)]", "Too many open files"),
            ("open('large', 'wb').truncate(1 << 30)", "File too large"),
        ],
    )
    def test_memory_and_files_are_limited(self, code, result, tmp_path, monkeypatch):
        monkeypatch.chdir(tmp_path)
        (tmp_path / "f.py").write_text(f"def f(): return {code}\n")
        kept, (seen,) = checked(str(tmp_path / "f.py"), ("f", {}), max_memory_mb=256)
        assert not kept
        assert result in seen

    @POSIX
    @pytest.mark.parametrize("then", ["return 1", "time.sleep(600)"])
    def test_what_a_call_started_ends_with_it(self, then, tmp_path):
        os.mkfifo(tmp_path / "f.py.held")
        reader = os.open(tmp_path / "f.py.held", os.O_RDONLY | os.O_NONBLOCK)
        (tmp_path / "f.py").write_text(
            "import subprocess, time\n"
            "def f():\n"
            "    held = open(__file__ + '.held', 'wb', buffering=0)\n"
            "    held.write(b'open')\n"
            f"    subprocess.Popen(['sleep', '600'], stdout=held)\n    {then}\n"
        )
        checked(str(tmp_path / "f.py"), ("f", {}), timeout=5)
        try:
            assert os.read(reader, 4) == b"open"
            assert select.select([reader], [], [], 60)[0]
            assert os.read(reader, 1) == b""  # the last process that held it has ended
        finally:
            os.close(reader)

    @pytest.mark.skipif(
        subprocess.call(
            [
                sys.executable,
                "-c",
                f"import sys; from {runner.__name__} import leave_network; sys.exit(not leave_network())",
            ]
        )
        != 0,
        reason="this system lets users make no namespaces",
    )
    def test_there_is_no_network_unless_the_step_allows_it(self, tmp_path):
        with socket.create_server(("127.0.0.1", 0)) as server:
            (tmp_path / "f.py").write_text(
                "import os, socket\n"
                "def f(port): return socket.create_connection(('127.0.0.1', port), 5) and os.getuid()\n"
            )
            call = ("f", {"port": server.getsockname()[1]})
            kept, (seen,) = checked(str(tmp_path / "f.py"), call)
            assert not kept
            assert "unreachable" in seen
            assert checked(str(tmp_path / "f.py"), call, allow_network=True) == (True, [str(os.getuid())])

    def test_new_fields_leave_rows_of_former_versions_valid(self, library):
        def signature(**fields):
            return APIGenExecutionChecker(libpath=library, **fields).signature

        assert signature() == signature(max_memory_mb=4096, environment=[])
        assert signature() != signature(allow_network=True)

    def test_functions_that_look_dangerous_are_not_called(self, library):
        for name in ("rude", "environment"):
            kept, (result,) = checked(library, (name, {}), check_is_dangerous=True)
            assert not kept
            assert f"{name} was not called: it uses os, which may be dangerous" in result
        assert checked(library, ("add", {"a": 1, "b": 2}), check_is_dangerous=True)[0]

    def test_folder_has_a_file_for_each_function(self, tmp_path):
        folder = tmp_path / "functions"
        folder.mkdir()
        (folder / "double.py").write_text("from half import half\ndef double(x): return 4 * half(x)\n")
        (folder / "half.py").write_text("def half(x): return x / 2\n")
        (folder / "bad.py").write_text("def bad(:\n")
        assert checked(str(folder), ("double", {"x": 3}), ("half", {"x": 3})) == (True, ["6.0", "1.5"])
        assert "bad.py is not valid Python" in checked(str(folder), ("bad", {}))[1][0]
        assert "no function 'none'" in checked(str(folder), ("none", {}))[1][0]

    @pytest.mark.parametrize(
        "answers", [None, "", "nonsense", "[]", "[1]", '[{"name": 1}]', ["[]"], "[" * 9999]
    )
    def test_calls_that_cannot_be_read_are_reported_and_other_rows_go_on(self, library, answers):
        step = APIGenExecutionChecker(libpath=library)
        rows = run(step, [{"answers": answers}, {"answers": json.dumps([CALL])}])
        assert [row["keep_row_after_execution_check"] for row in rows] == [False, True]
        assert rows[0]["execution_result"][0].startswith("the calls cannot be read: ")

    def test_each_row_gets_its_own_result_in_a_fresh_process(self, tmp_path):
        path = tmp_path / "counter.py"
        path.write_text("seen = []\ndef note(x):\n    seen.append(x)\n    return seen\n")
        rows = [{"answers": json.dumps([{"name": "note", "arguments": {"x": i}}])} for i in range(9)]
        made = run(APIGenExecutionChecker(libpath=str(path)), rows)
        assert [row["execution_result"] for row in made] == [[f"[{i}]"] for i in range(9)]

    @pytest.mark.parametrize("place", ["library.py", "."], ids=["file", "folder"])
    def test_edited_functions_are_called_again_and_others_not(self, tmp_path, place):
        def results():
            with Pipeline("checks", cache_dir=tmp_path / "cache") as pipeline:
                load_data = LoadDataFromDicts(data=[{"answers": '[{"name": "library", "arguments": {}}]'}])
                load_data >> APIGenExecutionChecker(libpath=str(tmp_path / place), check_is_dangerous=False)
            return pipeline.run()["default"]["train"]["execution_result"][:]

        code = "from pathlib import Path\ndef library():\n    return {}, Path({!r}).open('a').write('x')\n"
        called = tmp_path / "called"
        (tmp_path / "library.py").write_text(code.format(1, str(called)))
        assert results() == results() == [["[1, 1]"]]
        assert called.read_text() == "x"
        (tmp_path / "library.py").write_text(code.format(2, str(called)))
        assert results() == [["[2, 1]"]]

    def test_library_that_is_not_there_is_reported_before_the_run(self):
        with pytest.raises(DistilabelUserError, match=r"finds no functions at nowhere\.py"):
            APIGenExecutionChecker(libpath="nowhere.py").load()

    @pytest.mark.parametrize(
        ("code", "danger"),
        [
            ("def f(): import subprocess", "subprocess"),
            ("def f(): from os import path", "os"),
            ("def f(): return eval('1')", "eval"),
            ("def f(): return ().__class__.__subclasses__()", "__subclasses__"),
            ("def f(close, posture): return close + posture", None),
            ("async def f(): return 1", None),
        ],
    )
    def test_danger_is_seen_in_the_code(self, code, danger):
        assert danger_in(function_in(code, "f")) == danger


CHECKED = {**ROW, "query": "1 + 2?", "answers": json.dumps([CALL]), "execution_result": ["3"]}


class TestSemantics:
    def test_prompt_tells_all_there_is_to_judge(self):
        task = APIGenSemanticChecker(llm=saying())
        validate_step(task)
        content = task.format_input(CHECKED)[1]["content"]
        for part in ("Adds a and b.", "1 + 2?", '[{"name": "add"', '["3"]'):
            assert part in content

    @pytest.mark.parametrize(
        ("text", "verdict"),
        [
            ('{"thought": "It adds.", "passes": "yes"}', True),
            ('{"thought": "It adds.", "passes": "No."}', False),
            ('Well: ```{"thought": "It adds.", "passes": true}```', True),
        ],
    )
    def test_verdict_is_read(self, text, verdict):
        (row,) = run(APIGenSemanticChecker(llm=saying(text)), [CHECKED])
        assert (row["thought"], row["keep_row_after_semantic_check"]) == ("It adds.", verdict)

    @pytest.mark.parametrize("text", ["Yes.", '{"passes": "perhaps"}', "[]", "", None])
    def test_answer_without_a_verdict_is_none_with_a_reason(self, text):
        (row,) = run(APIGenSemanticChecker(name="s", llm=saying(text)), [CHECKED])
        assert row["keep_row_after_semantic_check"] is None
        assert failure_of(row, "s")

    @pytest.mark.parametrize("grouped", [False, True])
    def test_rows_that_did_not_run_are_not_asked_about_and_no_verdict_shifts(self, grouped):
        kept = [True, False, None, False, True]
        rows = [{**CHECKED, "query": str(i), "keep_row_after_execution_check": k} for i, k in enumerate(kept)]

        def answer(prompt):
            number = prompt.partition("The query:\n")[2][0]
            return json.dumps({"thought": f"about {number}", "passes": "yes"})

        task = APIGenSemanticChecker(
            llm=ScriptedLLM(answer=answer), num_generations=2, group_generations=grouped
        )
        made = run(task, rows)
        expected = [(str(i), None if k is False else f"about {i}") for i, k in enumerate(kept)]
        if grouped:
            assert [(r["query"], r["thought"] and r["thought"][0]) for r in made] == expected
        else:
            doubled = [
                pair for pair, k in zip(expected, kept, strict=True) for _ in range(1 if k is False else 2)
            ]
            assert [(row["query"], row["thought"]) for row in made] == doubled
        assert len(task.llm.calls[0]) == 3
        every = APIGenSemanticChecker(llm=ScriptedLLM(answer=answer), exclude_failed_execution=False)
        assert None not in [row["thought"] for row in run(every, rows)]

    def test_refused_request_keeps_its_reason(self):
        refused = {"generations": [None], "failures": [FAILURE]}
        (row,) = run(APIGenSemanticChecker(name="s", llm=saying(refused)), [CHECKED])
        assert failure_of(row, "s") == FAILURE
