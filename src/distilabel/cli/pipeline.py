"""`distilabel pipeline`: run, describe and check a pipeline from a file or a URL."""

import json
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Optional

import typer

from distilabel.cli.options import AsJson, print_json
from distilabel.cli.sources import Allow, AllowCode, Config, Script, Variable, Yes, get_pipeline
from distilabel.exceptions import DistilabelUserError

if TYPE_CHECKING:
    from distilabel.distiset import Distiset
    from distilabel.pipeline import Pipeline

__all__ = ["app"]

app = typer.Typer(no_args_is_help=True, help="Run, describe and check pipelines.")

Params = Annotated[
    Optional[list[str]],
    typer.Option(help="A runtime parameter, such as load_data.split=test; may be repeated."),
]
Token = Annotated[
    Optional[str],
    typer.Option(envvar="HF_TOKEN", show_default=False, help="The token for the Hugging Face Hub."),
]


@app.command("run")
def run(
    config: Config = None,
    script: Script = None,
    variable: Variable = "pipeline",
    param: Params = None,
    ignore_cache: Annotated[
        bool,
        typer.Option(
            "--ignore-cache", help="Do not use the results of earlier runs; everything is paid for again."
        ),
    ] = False,
    repo_id: Annotated[
        Optional[str],
        typer.Option(help="Push the dataset to the Hub under this name, such as me/my-dataset."),
    ] = None,
    commit_message: Annotated[Optional[str], typer.Option(help="The commit message for the Hub.")] = None,
    private: Annotated[bool, typer.Option("--private", help="Only its owner can see the dataset.")] = False,
    token: Token = None,
    save_to: Annotated[Optional[Path], typer.Option(help="Save the dataset in this folder.")] = None,
    allow: Allow = None,
    allow_code: AllowCode = False,
    yes: Yes = False,
) -> None:
    """Run a pipeline. Run the same command again to collect batch jobs that were not ready.

    Ctrl+C stops it; finished work is kept. A pipeline from a URL is shown first, and run after confirmation.
    """
    pipeline = get_pipeline(config, script, variable, allow or (), allow_code=allow_code, ask=not yes)
    _set(pipeline, param or ())
    distiset = pipeline.run(use_cache=not ignore_cache)
    if not len(distiset):
        typer.echo("Not ready yet: there is no dataset so far." + _nothing_pushed(repo_id, save_to))
        return
    for name, splits in distiset.items():
        for split, data in splits.items():
            typer.echo(f"{name}/{split}: {data.num_rows:,} rows of {', '.join(data.column_names)}.")
    if save_to is not None:
        distiset.save_to_disk(save_to)
        typer.echo(f"Saved in {save_to}.")
    if repo_id is not None:
        _push(distiset, repo_id, commit_message, token, private=private)


@app.command("info")
def info(
    config: Config = None,
    script: Script = None,
    variable: Variable = "pipeline",
    allow: Allow = None,
    allow_code: AllowCode = False,
    yes: Yes = False,
    as_json: AsJson = False,
) -> None:
    """Describe a pipeline: its steps, their connections, and the parameters for --param."""
    pipeline = get_pipeline(config, script, variable, allow or (), allow_code=allow_code, ask=not yes)
    if as_json:
        print_json(
            {**pipeline.dump()["pipeline"], "runtime_parameters": pipeline.get_runtime_parameters_info()}
        )
    else:
        typer.echo("\n".join(_describe(pipeline)))


@app.command("validate")
def validate(
    config: Config = None,
    script: Script = None,
    variable: Variable = "pipeline",
    param: Params = None,
    allow: Allow = None,
    allow_code: AllowCode = False,
    yes: Yes = False,
) -> None:
    """Check a pipeline without running it: columns, connections, routes, parameters and required packages.

    No dataset is opened: the columns after a generator that reads one are not known, and not checked.
    """
    pipeline = get_pipeline(config, script, variable, allow or (), allow_code=allow_code, ask=not yes)
    _set(pipeline, param or ())
    pipeline.validate(open_sources=False)
    typer.echo(f"Pipeline {pipeline.name!r} is valid: {len(pipeline.names)} steps.")


def _set(pipeline: "Pipeline", params: Sequence[str]) -> None:
    """Set runtime parameters; an unknown name is an error here, since the user typed it for this run."""
    from distilabel import config  # noqa: PLC0415 - slow to import, and `--help` needs none of it

    for param in params:
        path, is_pair, text = param.partition("=")
        name, *keys = path.split(".")
        if not is_pair or not keys:
            raise DistilabelUserError(f"--param {path!r} does not have the form step.parameter=value.")
        if name not in pipeline.names:
            raise DistilabelUserError(pipeline.dag.unknown(name))
        step = pipeline.dag.steps[name]
        try:
            warnings = config.set_runtime_parameters(step, _nested(keys, _parse_value(text)))
        except DistilabelUserError:
            # For example a version that looks like a number.
            warnings = config.set_runtime_parameters(step, _nested(keys, text))
        if warnings:
            raise DistilabelUserError(warnings[0])


def _nested(keys: Sequence[str], value: Any) -> dict[str, Any]:
    first, *others = keys
    return {first: _nested(others, value) if others else value}


def _parse_value(text: str) -> Any:
    """Parse a number, a boolean, null, a list or a mapping; anything else is text."""
    try:
        return json.loads(text)
    except ValueError:
        return text


def _push(
    distiset: "Distiset", repo_id: str, commit_message: str | None, token: str | None, *, private: bool
) -> None:
    message: dict[str, Any] = {"commit_message": commit_message} if commit_message else {}
    try:
        distiset.push_to_hub(repo_id, private=private, token=token, **message)
    except Exception as error:  # noqa: BLE001 - the Hub's client raises errors of many packages
        reason = str(error).replace(token, "[secret]") if token else str(error)
        raise DistilabelUserError(
            f"The dataset could not be pushed to {repo_id} ({type(error).__name__}: {reason}): fix it and run the same "
            "command again; no request is sent to a model twice."
        ) from None
    typer.echo(f"Pushed to {repo_id}.")


def _nothing_pushed(repo_id: str | None, save_to: Path | None) -> str:
    return " Nothing was pushed or saved; run the same command again." if repo_id or save_to else ""


def _describe(pipeline: "Pipeline") -> Iterator[str]:
    yield f"Pipeline {pipeline.name}" + (f": {pipeline.description}" if pipeline.description else "")
    if pipeline.requirements:
        yield f"Needs {', '.join(pipeline.requirements)}"
    parameters = pipeline.get_runtime_parameters_info()
    for name, step in pipeline.dag.steps.items():
        after = pipeline.dag.after(name)
        yield ""
        yield f"{name} ({type(step).__name__})" + (f" >> {', '.join(after)}" if after else "")
        yield from _parameters(name, [entry for entry in parameters[name] if entry["name"] != "resources"])


def _parameters(path: str, entries: Sequence[dict[str, Any]]) -> Iterator[str]:
    for entry in entries:
        name = f"{path}.{entry['name']}"
        inner = entry.get("runtime_parameters_info") or entry.get("keys")
        if inner is not None:
            yield from _parameters(name, inner)
        else:
            must = "" if entry.get("optional") else " (must be set)"
            yield f"  {name}{must}" + (f": {entry['description']}" if entry.get("description") else "")
