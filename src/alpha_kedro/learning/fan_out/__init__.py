"""The one way to do many independent pieces of work: on one core, on all, on others."""

from alpha_kedro.learning.fan_out.execution import ExecutionSpec, fan_out

__all__ = ["ExecutionSpec", "fan_out"]
