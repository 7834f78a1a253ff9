"""Google's SDK and its authentication drive the emulator of Vertex AI."""

import json
from collections.abc import Iterator
from contextlib import contextmanager, nullcontext
from pathlib import Path
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric.rsa import generate_private_key
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from google import genai
from google.auth.exceptions import RefreshError
from google.auth.transport.requests import AuthorizedSession, Request
from google.oauth2.service_account import Credentials

from tests.emulators.google_key import account_file
from tests.emulators.vertex import VERTEX
from tests.emulators.world import BAD, answer_to, emulated, until

SCOPES = ["https://www.googleapis.com/auth/cloud-platform"]


class Clients:
    """Google's SDK, and a session for Cloud Storage, which has no client of its own here."""

    def __init__(self, url: str, folder: Path) -> None:
        account = str(account_file(url, "sk", folder))
        self.credentials = Credentials.from_service_account_file(account, scopes=SCOPES)
        self.genai = genai.Client(
            vertexai=True, project="p", location="us-central1", credentials=self.credentials,
            http_options={"base_url": url},
        )  # fmt: skip
        self.session = AuthorizedSession(self.credentials)
        self.storage = f"{url}/upload/storage/v1/b/my-bucket/o", f"{url}/storage/v1/b/my-bucket/o"

    def made(self, *prompts: str) -> str:
        lines = [
            {"custom_id": f"id-{n}", "request": {"contents": [{"role": "user", "parts": [{"text": prompt}]}]}}
            for n, prompt in enumerate(prompts)
        ]
        content = b"".join(json.dumps(line).encode() + b"\n" for line in lines)
        name = {"uploadType": "media", "name": "a/input.jsonl"}
        self.session.post(self.storage[0], params=name, data=content).raise_for_status()
        config = {"display_name": "tag", "dest": "gs://my-bucket/a/out"}
        return self.genai.batches.create(model="m", src="gs://my-bucket/a/input.jsonl", config=config).name

    def over(self, name: str, state: str) -> Any:
        return until(lambda: self.genai.batches.get(name=name), lambda job: job.state == state)

    def results(self) -> list[dict[str, Any]]:
        """The lines of all shards below the job's folder."""
        found, query = [], {"prefix": "a/out/"}
        while True:
            page = self.session.get(self.storage[1], params=query).json()
            for item in page.get("items", []):
                place = f"{self.storage[1]}/{item['name'].replace('/', '%2F')}"
                content = self.session.get(place, params={"alt": "media"}).content
                found += [json.loads(line) for line in content.split(b"\n")[:-1]]
            if "nextPageToken" not in page:
                return found
            query["pageToken"] = page["nextPageToken"]


@contextmanager
def clients(folder: Path, **settings: Any) -> Iterator[Clients]:
    with emulated(VERTEX, folder / "platform", **settings) as url:
        at = Clients(url, folder)
        yield at
        at.session.close()
        at.genai.close()


def test_sdk_makes_a_job_and_its_results_lie_in_the_bucket(tmp_path: Path):
    with clients(tmp_path) as at:
        job = at.over(at.made("one", BAD, "three"), "JOB_STATE_SUCCEEDED")
        assert job.display_name == "tag"
        results = {line["custom_id"]: line for line in at.results()}
    text = results["id-0"]["response"]["candidates"][0]["content"]["parts"][0]["text"]
    assert (text, len(results)) == (answer_to("one"), 3)
    assert '"INVALID_ARGUMENT"' in results["id-1"]["status"]


def test_sdk_lists_and_cancels_jobs(tmp_path: Path):
    with clients(tmp_path, delay=60, concurrency=1) as at:
        names = [at.made(f"{n}") for n in range(3)]
        assert [job.name for job in at.genai.batches.list(config={"page_size": 2})] == names[::-1]
        at.genai.batches.cancel(name=names[0])
        at.over(names[0], "JOB_STATE_CANCELLED")


def test_sdk_asks_online(tmp_path: Path):
    with clients(tmp_path) as at:
        assert at.genai.models.generate_content(model="m", contents="one").text == answer_to("one")
        with pytest.raises(genai.errors.ClientError, match="INVALID_ARGUMENT"):
            at.genai.models.generate_content(model="m", contents=BAD)


def test_token_is_given_for_the_signature_of_this_key_alone(tmp_path: Path):
    other = generate_private_key(65537, 2048)
    pem = other.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()).decode()
    with emulated(VERTEX, tmp_path / "platform") as url:
        account = json.loads(account_file(url, "sk", tmp_path).read_bytes())
        for key, accepted in ((account["private_key"], True), (pem, False)):
            credentials = Credentials.from_service_account_info(account | {"private_key": key}, scopes=SCOPES)
            with nullcontext() if accepted else pytest.raises(RefreshError, match="invalid_grant"):
                credentials.refresh(Request())
                assert credentials.token == "sk"
