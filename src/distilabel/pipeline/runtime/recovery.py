"""Recovers a pipeline's batch jobs from their platforms after the ledger was lost."""

from pathlib import Path

from distilabel import _event_loop as loop
from distilabel.ledger.jobs import Ledger
from distilabel.models.fields import RemoteModel, models_in
from distilabel.offline.client import PlatformClient
from distilabel.offline.recovery import recover
from distilabel.pipeline.graph.dag import DAG

__all__ = ["recover_jobs"]


def recover_jobs(dag: DAG, cache: Path) -> int:
    """Find the jobs of a graph's models on their platforms, record them in the ledger and return their number."""
    models = [model for step in dag.steps.values() for model in models_in(step)]
    ledger = Ledger(cache)
    try:
        return sum(_recovered(ledger, model) for model in models if isinstance(model, RemoteModel))
    finally:
        ledger.close()


def _recovered(ledger: Ledger, model: RemoteModel) -> int:
    model.load()
    try:
        client = PlatformClient(model.client.provider, model.client.target.base_url, model.client.transport)
        return len(loop.run(recover(ledger, client)))
    finally:
        model.unload()
