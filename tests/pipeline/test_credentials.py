"""No credential, wherever a user can put one, is in a file, on the screen, in the log or in a representation."""

import logging
from collections.abc import Callable
from pathlib import Path
from tempfile import mkdtemp
from typing import Any

import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st
from tests.support.platform import Platform

from distilabel.exceptions import DistilabelException
from distilabel.models import OpenAILLM
from distilabel.pipeline import Pipeline
from distilabel.server import Settings
from distilabel.steps import LoadDataFromFileSystem
from distilabel.steps.tasks import TextGeneration

HTTP_NAME = st.from_regex(r"[A-Z][a-z]{2,9}(-[A-Z][a-z]{2,9})?", fullmatch=True)
# Twelve characters are in no file by chance, and `%40` is a character that a URL has in another form.
SECRET = st.from_regex(r"[A-Za-z0-9]{12,20}([-_.~]|%40)[A-Za-z0-9]{4}", fullmatch=True)


@st.composite
def places(draw: Any) -> dict[str, str]:
    """One secret for each place, and the names of those whose names are free."""
    names = ("key", "environment", "header", "other_header", "storage", "password", "user", "query", "signed")
    secrets = draw(st.lists(SECRET, min_size=len(names), max_size=len(names), unique=True))
    return {
        **dict(zip(names, secrets, strict=True)),
        "header_name": f"X-{draw(HTTP_NAME)}",
        "parameter": draw(st.from_regex(r"[a-z_]{1,8}", fullmatch=True)),
    }


def offline(url: str, secrets: dict[str, str]) -> OpenAILLM:
    return OpenAILLM(
        model="toy-1",
        base_url=url,
        api_key=secrets["key"],
        default_headers={"Api-Key": secrets["header"], secrets["header_name"]: secrets["other_header"]},
        use_offline_batch_generation=True,
        offline_batch_generation_block_until_done=0.02,
    )


def online_of_the_environment(url: str, secrets: dict[str, str]) -> OpenAILLM:
    return OpenAILLM(
        model="toy-1", base_url=url, default_headers={secrets["header_name"]: secrets["other_header"]}
    )


def password_in_the_address(url: str, secrets: dict[str, str]) -> OpenAILLM:
    address = url.replace("://", f"://{secrets['user']}:{secrets['password']}@")
    return OpenAILLM(model="toy-1", base_url=address, api_key=secrets["key"], max_retries=0)


def offline_with_a_password_in_the_address(url: str, secrets: dict[str, str]) -> OpenAILLM:
    made = password_in_the_address(url, secrets)
    made.use_offline_batch_generation = True
    made.offline_batch_generation_block_until_done = 0.02
    return made


def query_in_the_address(url: str, secrets: dict[str, str]) -> OpenAILLM:
    return OpenAILLM(
        model="toy-1", base_url=f"{url}?{secrets['parameter']}={secrets['query']}", api_key=secrets["key"]
    )


@pytest.mark.parametrize(
    "model",
    [
        offline,
        online_of_the_environment,
        password_in_the_address,
        offline_with_a_password_in_the_address,
        query_in_the_address,
    ],
)
@given(secrets=places())
@settings(
    max_examples=4, deadline=None, phases=[Phase.generate],  # each example is a run: none is made smaller
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow]
)  # fmt: skip
def test_credentials_stay_where_they_were_given(
    model: Callable[[str, dict[str, str]], OpenAILLM],
    fast_platform: Platform,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capfd: pytest.CaptureFixture[str],
    caplog: pytest.LogCaptureFixture,
    secrets: dict[str, str],
):
    monkeypatch.setenv("OPENAI_API_KEY", secrets["environment"])
    caplog.clear()
    caplog.set_level(logging.INFO)
    folder = Path(mkdtemp(dir=tmp_path))
    (folder / "rows.jsonl").write_text('{"instruction": "Hello?"}\n')
    seen: list[Any] = []
    with Pipeline("p", cache_dir=folder / "cache") as pipeline:
        load = LoadDataFromFileSystem(
            data_files=str(folder / "rows.jsonl"), storage_options={secrets["parameter"]: secrets["storage"]}
        )
        llm = model(fast_platform.url, secrets)
        load >> TextGeneration(llm=llm)
    # It is not opened: its columns are asked for with its signature only.
    signed = LoadDataFromFileSystem(
        data_files={"train": [f"https://bucket.test/a.jsonl?{secrets['parameter']}={secrets['signed']}"]},
        pipeline=Pipeline("other"),
    )
    try:
        distiset = pipeline.run()
        distiset.save_to_disk(str(folder / "saved"))
        assert len(distiset) == 1
    except DistilabelException as error:
        seen += [error, vars(error)]
    seen += [repr(llm), str(llm), repr(load), repr(signed), pipeline.dump(), signed.dump(), caplog.text]
    seen += [*capfd.readouterr()]
    pipeline.save(folder / "pipeline.json")
    files = [path for path in folder.rglob("*") if path.is_file()]
    text = "".join(map(repr, seen)) + "".join(path.read_bytes().decode("latin-1") for path in files)
    assert (folder / "cache" / "p" / "pipeline.yaml") in files
    values = {name: value for name, value in secrets.items() if name not in ("header_name", "parameter")}
    forms = {name: (value, value.replace("%40", "@")) for name, value in values.items()}
    assert [name for name, both in forms.items() if any(form in text for form in both)] == []


def test_key_of_an_upstream_is_in_no_representation_of_the_settings(tmp_path: Path):
    chosen = Settings(tmp_path, upstream="http://me:hush@127.0.0.1/v1", upstream_key="hush", keys=("hush",))
    assert "hush" not in repr(chosen)


def test_arguments_that_do_not_fit_are_not_repeated():
    with pytest.raises(ValueError, match="model") as raised:
        OpenAILLM(api_key="hush-hush")
    assert "hush" not in str(raised.value)
