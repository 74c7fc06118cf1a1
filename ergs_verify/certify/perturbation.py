"""What errors of P_{t+1} do to a stage of the equilibrium, bounded for all agents together.

At a stage, P̂ⁱ are exact matrices near Pⁱ_{t+1}, and K̂ are exact gains, or balls of gains, near
K_t. With E = P_{t+1} − P̂, the residual s = Φ𝓚̂ + rhs at P̂, D = −Φ⁻¹s and Δ = K − K̂, the true stage
obeys

- Δ = D − Φ⁻¹ rows(γʲBʲ'EʲF), and F = F̂ + 𝓑Δ;
- Pⁱ_t = cost(P̂, K̂) + γⁱF'EⁱF + Σ_j sym(Δʲ'Gⁱʲ) + Δⁱ'R̃ⁱΔⁱ + γⁱ(𝓑Δ)'P̂ⁱ𝓑Δ, with the cost's slopes
  Gⁱʲ = γⁱBʲ'P̂ⁱF̂ in the gains of the others, and Gⁱⁱ = sⁱ in its own,

which are the identities that the ledger proves (`sharp-perturbation`) and the expansion of a
quadratic. They are bounded in coordinates z of the state, x = Sz, in which a closed loop has a norm
near 1 or below, and for all agents together: with weights wⁱ, ε is a bound of √Σ(‖Eⁱ‖_F/wⁱ)². With
C = Φ⁻¹, M the matrix of blocks Mʲ = wʲγʲ(block column j of C)Bʲ' side by side, and Γⁱ the slopes
Gⁱʲ of the others stacked, 0 for j = i,

- Φ is regular at P where κ = ‖𝓑M‖₂ε < 1, and ‖F‖ ≤ f = (‖F̂‖ + ‖𝓑D‖)/(1 − κ);
- ‖Δⁱ‖ ≤ dⁱ = ‖Dⁱ‖ + f‖(M's rows i)‖₂ε, and ‖𝓑Δ‖ ≤ b = κf + ‖𝓑D‖;
- what is linear in E at stage t is Σ_j F'EʲHʲⁱ and its transpose, Hʲⁱ = ½γⁱδⁱʲF̂ − (Mʲ/wʲ)'Γⁱ; by
  weights wⁱ_t it is at most 2f‖(wʲHʲⁱ/wⁱ_t)‖₂ε, the norm of the one matrix of all these blocks;
- the rest of Eⁱ_t is at most ‖cost − P̂ⁱ_t‖ + 2‖Σ_{j≠i} Dʲ'Gⁱʲ‖ + 2‖sⁱ‖dⁱ + ‖R̃ⁱ‖dⁱ²
  + γⁱ(f‖Eⁱ‖b + b²‖P̂ⁱ‖).

Bounds agent by agent would add up at every stage what the agents' errors do to each other. In the
general game Gⁱʲ has the slopes of its costs of controls besides, and there is Δ'RⁱΔ.
"""

from __future__ import annotations

from collections.abc import Sequence
from itertools import accumulate, pairwise
from typing import Any

import numpy as np

from ergs_verify.arithmetic.above import Above
from ergs_verify.arithmetic.centred import Centred, CentredStacks
from ergs_verify.certify.float_norms import power_of_two, spectral
from ergs_verify.paper import notation

#: Squarings for a spectral norm that is raised to the power of the horizon.
CLOSELY = 6
#: Exponents of weights are at most so large in size.
FARTHEST = 500
_HALF = Centred(np.array(0.5))


class Perturbation:
    """The matrices of the bounds, for a stack of stages; every argument is in coordinates.

    Parameters
    ----------
    B : Centred (…, m, n)
        Of all agents side by side.
    inverse : Centred (…, n, n)
        Φ⁻¹.
    loop : Centred (…, m, m)
        F̂.
    costs : sequence over agents of Centred (…, m, m)
        P̂ⁱ.
    rates : sequence over agents of Centred
        γⁱ.
    sizes : tuple over agents of int
        p_i.
    slopes : sequence over agents of Centred (…, n, m), optional
        What the costs of controls of the general game add to Gⁱʲ, stacked over j.

    Attributes
    ----------
    slopes : list over agents of Centred (…, n, m)
        Γⁱ.
    gains : Centred (…, n, N·m)
        M without weights.
    linear : Centred (…, N·m, N·m)
        The blocks Hʲⁱ, in row j and column i.
    """

    def __init__(
        self,
        *,
        B: Centred,
        inverse: Centred,
        loop: Centred,
        costs: Sequence[Centred],
        rates: Sequence[Centred],
        sizes: Sequence[int],
        slopes: Sequence[Centred] | None = None,
    ):
        numbers = self._numbers = CentredStacks()
        times, turn = numbers.multiply, numbers.transpose
        self._B, self._agents, self._states = B, len(sizes), loop.middle.shape[-1]
        self._own = [slice(*ends) for ends in pairwise(accumulate(sizes, initial=0))]
        turned = turn(B)
        self.slopes, halves, reached = [], [], []
        for k, (i, P, rate) in enumerate(zip(self._own, costs, rates, strict=True)):
            slope = times(turned, numbers.scale(rate, times(P, loop)))
            if slopes is not None:
                slope = slope + slopes[k]
            self.slopes.append(_without_rows(slope, i))
            halves.append(numbers.scale(_HALF * rate, loop))
            reached.append(times(inverse[..., i], numbers.scale(rate, turned[..., i, :])))
        self.gains = numbers.blocks([reached])
        moved = times(turn(self.gains), numbers.blocks([self.slopes]))
        self.linear = _on_diagonal(halves, numbers) - moved

    def sizes(self) -> np.ndarray:
        """About the size of each Hʲⁱ, (…, N, N)."""
        X = self.linear.size
        blocks = X.reshape(*X.shape[:-2], self._agents, self._states, self._agents, self._states)
        return np.sqrt((blocks * blocks).sum(axis=(-3, -1)))

    def bounds(self, ahead: np.ndarray, now: np.ndarray) -> tuple[list[Above], Above, Above]:
        """By weights at t + 1 and at t, powers of 2 (…, N): ‖(M's rows i)‖, ‖𝓑M‖, ‖(wʲHʲⁱ/wⁱ)‖."""
        ahead, now = (np.repeat(w, self._states, axis=-1) for w in (ahead, now))
        gains = self.gains * Centred(ahead[..., None, :])
        linear = Centred(ahead[..., :, None]) * self.linear * Centred(1 / now[..., None, :])
        return (
            [spectral(gains[..., i, :]) for i in self._own],
            spectral(self._numbers.multiply(self._B, gains)),
            spectral(linear, CLOSELY),
        )


def weights(sizes: np.ndarray, direct: np.ndarray, end: np.ndarray) -> np.ndarray:
    """Powers of 2 near the errors of each agent's P_t, as far as they compare, (T+1, …, N).

    Parameters
    ----------
    sizes : (T, …, N, N)
        `Perturbation.sizes` at each stage.
    direct : (T, …, N)
        What of an error is new at a stage, positive.
    end : (…, N)
        The weights at T, powers of 2.
    """
    found = [end]
    for here, new in zip(sizes[::-1], direct[::-1], strict=True):
        moved = np.einsum("...k,...ki->...i", found[-1], here)
        growth = (moved / found[-1]).max(axis=-1, keepdims=True)
        found.append(power_of_two(np.fmax(new, moved / np.fmax(growth, 1)), FARTHEST))
    return np.stack(found[::-1])


def slope_of_controls(k: int) -> Any:
    """S + R𝓚: the slope of an agent's costs of controls in all gains, in the general game."""
    return notation.joint_S(k) + notation.joint_R(k) * notation.joint_gain


def _without_rows(X: Centred, rows: slice) -> Centred:
    """The same with 0 in some rows."""

    def emptied(x: np.ndarray) -> np.ndarray:
        made = x.copy(order="K")
        made[..., rows, :] = 0
        return made

    return X.map(emptied)


def _on_diagonal(blocks: list[Centred], numbers: CentredStacks) -> Centred:
    zero = numbers.zeros(*numbers.shape(blocks[0]))
    return numbers.blocks(
        [[X if k == j else zero for j in range(len(blocks))] for k, X in enumerate(blocks)]
    )
