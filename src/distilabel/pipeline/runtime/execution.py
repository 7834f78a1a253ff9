"""Runs a graph with its folder, screen and engine; recovers jobs after the ledger was lost.

Imported when a pipeline runs: building one needs nothing of it.
"""

import logging
from collections.abc import Callable, Sequence
from contextlib import nullcontext
from pathlib import Path

from distilabel import _event_loop as loop
from distilabel.distiset import Distiset
from distilabel.ledger.jobs import Ledger
from distilabel.models.fields import RemoteModel, models_in
from distilabel.offline.client import PlatformClient
from distilabel.offline.recovery import recover
from distilabel.pipeline.graph.dag import DAG
from distilabel.pipeline.runtime.engine import LocalEngine
from distilabel.pipeline.runtime.gc_tuning import tuned_gc
from distilabel.pipeline.runtime.isolate_models import isolate_models
from distilabel.pipeline.runtime.run import Run
from distilabel.pipeline.runtime.settings import RunSettings
from distilabel.pipeline.storage.workspace import Workspace
from distilabel.pipeline.workers.cluster import Cluster
from distilabel.progress.screen import screen

__all__ = ["execute", "recover_jobs"]


def execute(
    dag: DAG,
    settings: RunSettings,
    cache: Path,
    prepare: Callable[[Path], None],
    handlers: Sequence[logging.Handler],
    cluster: Cluster | None = None,
) -> Distiset:
    """Run a graph in its folder, which this run locks; show its events on the screen and in the log.

    Args:
        dag: The graph.
        settings: See `RunSettings`.
        cache: The cache folder.
        prepare: Called before the run, with the path for the file that describes the pipeline.
        handlers: Additional log handlers.
        cluster: The Ray cluster of the worker processes, joined for the run.
    """
    workspace = Workspace(cache, settings.pipeline, use_cache=settings.use_cache)
    try:
        with (
            tuned_gc(),
            isolate_models(list(dag.steps.values())),
            screen(workspace.log, handlers) as emit,
        ):
            prepare(workspace.config)
            with cluster or nullcontext():
                run = Run(dag, settings, workspace, LocalEngine, emit, cluster)
                try:
                    return run.execute()
                finally:
                    run.close()
    finally:
        workspace.release()


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
