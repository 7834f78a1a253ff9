"""What may be imported, and how light it is."""

import subprocess
import sys

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
