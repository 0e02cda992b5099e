"""The experiments of ``conf/`` at quick size, each run once for all tests that ask."""

import json
from dataclasses import dataclass
from pathlib import Path

from tests.pipelines.runs import run_project, table

ENVIRONMENTS = (
    *("lstm_top_n", "daily_long_short"),
    *("threshold_overlap", "multi_strategy"),
)
QUICK_RUN = {
    "quick": True,
    "markets": {"simulated": {"n_tickers": 50, "n_sessions": 760}},
    "capacity": {"capitals": [1e6, 1e9], "bootstrap_reps": 100},
    "evidence": {"bootstrap_reps": 100},
    "execution": {"backend": "serial"},
}


@dataclass(frozen=True)
class Run:
    """A finished run: where its files are, and what they say."""

    env: str
    root: Path

    @property
    def summary(self):
        return json.loads((self.root / "08_reporting/summary.json").read_text())

    @property
    def report(self):
        return (self.root / "08_reporting/report.html").read_text()

    def output(self, name):
        return table(self.root, f"07_model_output/{name}.parquet")

    def again(self, pipeline, **changes):
        """Run a part of the experiment on what is there."""
        run_project(self.root, pipeline, env=self.env, **QUICK_RUN | changes)


class Runs:
    """Runs by experiment, each made when it is first asked for."""

    def __init__(self, folder):
        self._folder = folder
        self._made = {}

    def __getitem__(self, env):
        if env not in self._made:
            run = Run(env, self._folder / env)
            run.again("walk_forward")
            self._made[env] = run
        return self._made[env]
