"""Published solvers of LQ games and regulators, audited: ``python -m benchmarks.real_solvers``."""
