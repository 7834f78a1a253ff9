"""inspect_ai by batch: an evaluation whose requests go through the Batch API, by chats and by responses."""

import tempfile

import inspect_ai
from checks import report
from inspect_ai.dataset import Sample
from inspect_ai.model import BatchConfig, GenerateConfig, get_model
from inspect_ai.scorer import includes
from inspect_ai.solver import generate

SAMPLES = [Sample(input=f"Question {at}", target=f"Question {at}") for at in range(5)]


def evaluate(responses_api: bool) -> None:
    config = GenerateConfig(batch=BatchConfig(size=5, send_delay=0.5, tick=0.5))
    model = get_model("openai/toy", config=config, responses_api=responses_api, memoize=False)
    task = inspect_ai.Task(dataset=SAMPLES, solver=generate(), scorer=includes())
    (log,) = inspect_ai.eval(task, model=model, display="none", log_dir=tempfile.mkdtemp())
    assert log.status == "success", log.error
    assert log.results.scores[0].metrics["accuracy"].value == 1


if __name__ == "__main__":
    report(
        "inspect_ai",
        [
            ("an evaluation by batch, chats", lambda: evaluate(False)),
            ("an evaluation by batch, responses", lambda: evaluate(True)),
        ],
    )
