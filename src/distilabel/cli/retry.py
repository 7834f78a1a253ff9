"""`distilabel retry`: having the next run ask again for rows without an answer."""

from difflib import get_close_matches
from pathlib import Path
from typing import Annotated, Optional

import typer

from distilabel._files import cache_folder
from distilabel.cli.options import AsJson, CacheDir, print_json
from distilabel.exceptions import DistilabelUserError
from distilabel.ledger.views import Views

__all__ = ["retry"]


def retry(
    pipeline: Annotated[Optional[str], typer.Argument(help="The name of the pipeline.")] = None,
    step: Annotated[Optional[str], typer.Option(help="Only rows of this step.")] = None,
    code: Annotated[
        Optional[str], typer.Option(help="Only rows whose reason has this code, such as http_400.")
    ] = None,
    job: Annotated[Optional[str], typer.Option(help="Only requests of this batch job.")] = None,
    all_pipelines: Annotated[bool, typer.Option("--all", help="All pipelines of the cache folder.")] = False,
    cache_dir: CacheDir = None,
    as_json: AsJson = False,
) -> None:
    """Have the next run of a pipeline ask again for its rows without an answer, and for no others.

    Their new requests are paid for like any other. The reason why a row has no answer is in its `distilabel_metadata`.
    """
    from distilabel.pipeline.runtime.retry import Retry, RetryList  # noqa: PLC0415 - slow to import

    folder = cache_folder(cache_dir)
    names = _pipelines(folder, pipeline, job, all_pipelines=all_pipelines)
    for name in names:
        RetryList(folder / name).add(Retry(step, code, job))
    if as_json:
        print_json({"pipelines": names, "step": step, "code": code, "job": job})
        return
    chosen = [f"{what} {value}" for what, value in (("step", step), ("code", code), ("job", job)) if value]
    which = f" ({', '.join(chosen)})" if chosen else ""
    for name in names:
        typer.echo(f"The next run of pipeline {name!r} asks again for its rows without an answer{which}.")


def _pipelines(folder: Path, pipeline: str | None, job: str | None, *, all_pipelines: bool) -> list[str]:
    """Return the names of the pipelines that are meant."""
    known = sorted(path.parent.name for path in folder.glob("*/pipeline.yaml"))
    if all_pipelines and pipeline is None:
        return known
    if pipeline is None and job is not None:
        pipeline = Views(folder).details(job).job.scope.partition("/")[0]
    if pipeline is None or all_pipelines:
        raise DistilabelUserError("Name a pipeline, or give --job or --all.")
    if pipeline not in known:
        close = get_close_matches(pipeline, known, n=1)
        hint = f"did you mean {close[0]!r}?" if close else f"it has {', '.join(map(repr, known)) or 'none'}."
        raise DistilabelUserError(f"The cache folder {folder} has no pipeline {pipeline!r}; {hint}")
    return [pipeline]
