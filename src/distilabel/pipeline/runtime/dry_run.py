"""What a dry run does in place of batch jobs: it asks online, or shows the requests."""

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager

from distilabel.events import Event, Notice
from distilabel.exceptions import DistilabelUserError
from distilabel.models.fields import BatchModel, RemoteModel, models_in
from distilabel.models.llms.base import LLM
from distilabel.offline.client import ModelClient
from distilabel.offline.session import Answer, Session
from distilabel.pipeline.graph.dag import DAG
from distilabel.records import Failure

__all__ = ["RequestPreview", "asked_online"]

_NOT_SENT = "A dry run submits no batch job, and this model has no online API."


@contextmanager
def asked_online(dag: DAG) -> Iterator[None]:
    """Have the models that use batch jobs asked online while the context is open.

    Raises:
        DistilabelUserError: An LLM with a custom batch protocol does not define `generate`.
    """
    models = [(name, model) for name, step in dag.steps.items() for model in models_in(step)]
    changed = [
        model for name, model in models if model.use_offline_batch_generation and _can_switch(name, model)
    ]
    try:
        for model in changed:
            model.use_offline_batch_generation = False
        yield
    finally:
        for model in changed:
            model.use_offline_batch_generation = True


def _can_switch(step: str, model: BatchModel) -> bool:
    if isinstance(model, RemoteModel):
        return model.has_online_api
    if type(model).generate is LLM.generate:
        raise DistilabelUserError(
            f"Step {step!r} cannot be part of a dry run, which submits no batch job: {type(model).__name__} does not define "
            "`generate`, with which it would be asked online."
        )
    return True


class RequestPreview(Session):
    """Shows the requests of a model without an online API, in place of submitting them.

    Args:
        emit: Receives a notice for each request.
    """

    def __init__(self, emit: Callable[[Event], None]) -> None:
        self._emit = emit

    def ask(self, client: ModelClient, bodies: Sequence[bytes]) -> list[Answer | None]:
        """Show the bodies; each gets a failure as its answer."""
        for body in bodies:
            text = f"A run would submit this request to {client.target.model} in a batch job: {body.decode()}"
            self._emit(Notice("info", text))
        return [Answer(Failure("not_sent", _NOT_SENT), attempts=0) for _ in bodies]
