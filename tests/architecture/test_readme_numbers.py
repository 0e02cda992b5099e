"""The README shows what ``make run`` prints, not what it once printed."""

import json
import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

from alpha_kedro.reports import headline_table

PROJECT = Path(__file__).parents[2]


@pytest.mark.slow
def test_the_numbers_of_the_readme_are_those_of_the_base_run(tmp_path):
    kedro = Path(sys.executable).with_name("kedro")
    command = [kedro, "run", "--pipeline=walk_forward"]
    subprocess.run(
        [*command, "--params", f"data_root={tmp_path}"],
        cwd=PROJECT,
        env=os.environ | {"ALPHA_KEDRO_PROGRESS": "off"},
        check=True,
        capture_output=True,
        timeout=600,
    )
    summary = json.loads((tmp_path / "08_reporting" / "summary.json").read_text())
    readme = (PROJECT / "README.md").read_text()
    shown = re.search(r"<!-- run -->\n```text\n(.*?)\n```", readme, re.DOTALL)
    assert shown is not None
    assert shown[1] == headline_table(summary).rstrip()
