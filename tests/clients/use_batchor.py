"""batchor: batches of responses and of chats, plain and structured."""

from batchor import BatchItem, BatchJob, BatchRunner, OpenAIProviderConfig, PromptParts
from checks import report
from pydantic import BaseModel


class City(BaseModel):
    name: str
    inhabitants: int


def job(endpoint: str, structured: bool) -> None:
    items = [BatchItem(item_id=name, payload=name) for name in ("Oslo", "Rome", "Lima")]
    run = BatchRunner(storage="memory").run_and_wait(
        BatchJob(
            items=items,
            build_prompt=lambda item: PromptParts(prompt=f"Tell of {item.payload}"),
            provider_config=OpenAIProviderConfig(model="toy", endpoint=endpoint, poll_interval_sec=0.1),
            structured_output=City if structured else None,
        )
    )
    results = run.results()
    assert len(results) == 3
    for result in results:
        assert result.error is None, result.error
        assert isinstance(result.output, City) if structured else result.output_text


if __name__ == "__main__":
    report(
        "batchor",
        [
            (
                f"{endpoint}, {'structured' if structured else 'text'}",
                lambda e=endpoint, s=structured: job(e, s),
            )
            for endpoint in ("/v1/responses", "/v1/chat/completions")
            for structured in (False, True)
        ],
    )
