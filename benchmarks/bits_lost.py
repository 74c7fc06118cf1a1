"""The bits that the equilibrium's enclosures lose from the last stage to the first.

``python -m benchmarks.bits_lost``
"""

from __future__ import annotations

import numpy as np

from benchmarks.report import markdown
from ergs_verify import Game
from ergs_verify.arithmetic import Balls
from ergs_verify.certify.equilibrium import equilibrium_in_balls
from ergs_verify.certify.float_nash import certified_stack

#: (N, m, p, T) and a seed.
GAMES = (
    ((2, 4, 2, 20), 0),
    ((3, 12, 4, 50), 0),
    ((5, 20, 3, 100), 0),
    ((5, 20, 3, 100), 1),
    ((3, 20, 3, 100), 0),
)
BITS = 256


def tame(N: int, m: int, p: int, T: int, seed: int) -> Game:
    """A game whose A has a spectral radius near 0.9, with R ⪰ I."""
    draw = np.random.default_rng(seed)

    def gram(rows: int, floor: float) -> np.ndarray:
        X = draw.normal(size=(rows, rows))
        return np.tril(X @ X.T) / rows + np.tril(X @ X.T, -1).T / rows + floor * np.eye(rows)

    return Game.from_arrays(
        A=0.9 / np.sqrt(m) * draw.normal(size=(m, m)),
        B=[0.3 * draw.normal(size=(m, p)) for _ in range(N)],
        Q=[gram(m, 0) for _ in range(N)],
        R=[gram(p, 1) for _ in range(N)],
        tau=2.0,
        noise_cov=0.1 * np.eye(m),
        horizon=T,
    )


def lost(game: Game, bits: int = BITS) -> float:
    """By how many bits the widest P_0 is less precise than its arithmetic."""
    balls, found = Balls(bits), equilibrium_in_balls(game, bits)
    parts = [balls.radius(P[0]) / max(1, balls.largest(P[0])) for P in found.P]
    return float(np.log2(float(max(parts) * 2**bits)))


def main() -> None:
    """Print the table."""
    lines = []
    for size, seed in GAMES:
        game = tame(*size, seed)
        digits = certified_stack(game).digits()[0]
        lines.append((str(size), str(seed), f"{lost(game):.0f}", f"{max(digits, 0):.1f}"))
    print(markdown(("(N, m, p, T)", "seed", "bits lost", "digits in float64"), lines))


if __name__ == "__main__":
    main()
