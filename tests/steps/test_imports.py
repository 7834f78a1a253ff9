"""What may be imported, and how light it is."""

import ast
import subprocess
import sys
from importlib import import_module
from pathlib import Path

import pytest

import distilabel.steps
import distilabel.steps.tasks


@pytest.mark.parametrize("module", [distilabel.steps, distilabel.steps.tasks])
def test_public_names_are_there(module):
    assert all(hasattr(module, name) for name in module.__all__)


def test_tasks_are_imported_without_datasets_pandas_and_pyarrow():
    code = "import sys, distilabel.steps.tasks, distilabel.distiset; print({'datasets', 'pandas', 'pyarrow'} & {*sys.modules})"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "set()"


def imported_for_type_checkers() -> dict[str, str]:
    """Names and modules of what the tasks' package shows to type checkers."""
    tree = ast.parse(Path(distilabel.steps.tasks.__file__).read_text(encoding="utf-8"))
    (guarded,) = (
        node for node in tree.body if isinstance(node, ast.If) and ast.unparse(node.test) == "TYPE_CHECKING"
    )
    return {alias.name: node.module for node in guarded.body for alias in node.names}


def test_tasks_are_loaded_when_they_are_named():
    code = (
        "import sys, distilabel.steps.tasks as tasks\n"
        "assert not {'jinja2', 'distilabel.steps.tasks.ultrafeedback'} & {*sys.modules}\n"
        "assert 'UltraFeedback' in dir(tasks)\n"
        "from distilabel.steps.tasks import UltraFeedback\n"
        "assert 'UltraFeedback' in vars(tasks)\n"
        "assert 'distilabel.steps.tasks.urial' not in sys.modules"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr


def test_what_is_loaded_late_is_what_type_checkers_see():
    shown = imported_for_type_checkers()
    assert shown.keys() == set(distilabel.steps.tasks.__all__)
    for name, module in shown.items():
        assert getattr(distilabel.steps.tasks, name) is getattr(import_module(module), name)


def test_name_that_is_no_task_is_reported():
    with pytest.raises(AttributeError, match="has no attribute 'Nonsense'"):
        _ = distilabel.steps.tasks.Nonsense
