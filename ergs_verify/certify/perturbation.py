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
  weights wⁱ_t it is at most 2f‖(wʲHʲⁱ/wⁱ_t)‖₂ε, the norm of the one matrix of all these blocks,
  and over some stages in a row far less (`Windows`);
- the rest of Eⁱ_t is at most ‖cost − P̂ⁱ_t‖ + 2‖Σ_{j≠i} Dʲ'Gⁱʲ‖ + 2‖sⁱ‖dⁱ + ‖R̃ⁱ‖dⁱ²
  + γⁱ(f‖Eⁱ‖b + b²‖P̂ⁱ‖).

Bounds agent by agent would add up at every stage what the agents' errors do to each other. In the
general game Gⁱʲ has the slopes of its costs of controls besides, and there is Δ'RⁱΔ.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import cache
from itertools import accumulate, pairwise
from typing import Any

import numpy as np
import sympy
from attrs import evolve, frozen

from ergs_verify.arithmetic.above import TINY, Above, gamma
from ergs_verify.arithmetic.centred import Centred, CentredStacks
from ergs_verify.arithmetic.in_step import product
from ergs_verify.certify.balance import balanced
from ergs_verify.certify.float_norms import CLOSELY, frobenius, spectral
from ergs_verify.paper import notation

#: Weights and their inverses are at most so large.
FARTHEST = 2.0**500
_HALF = Centred(np.array(0.5))


@frozen(kw_only=True, eq=False)
class Letters:
    """What the bounds are made of, for a stack of stages, in coordinates of x_{t+1} and x_t.

    Attributes
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
    """

    B: Centred
    inverse: Centred
    loop: Centred
    costs: Sequence[Centred]
    rates: Sequence[Centred]
    sizes: Sequence[int]
    slopes: Sequence[Centred] | None = None

    def turned(self, ahead: Centred, inverse_ahead: Centred, now: Centred) -> Letters:
        """In coordinates Z⁻¹x in place of x, Z at t + 1 and at t."""
        numbers = CentredStacks()
        times, turn = numbers.multiply, numbers.transpose
        return evolve(
            self,
            B=times(inverse_ahead, self.B),
            loop=times(times(inverse_ahead, self.loop), now),
            costs=[times(times(turn(ahead), P), ahead) for P in self.costs],
            slopes=self.slopes and [times(X, now) for X in self.slopes],
        )

    def stage(self, k: int) -> Letters:
        """Of the k-th stage alone; what has no axis of stages is of them all."""

        def at(X: Centred) -> Centred:
            return X[k] if X.middle.ndim > 2 else X

        return evolve(
            self,
            B=at(self.B),
            inverse=at(self.inverse),
            loop=at(self.loop),
            costs=[*map(at, self.costs)],
            slopes=self.slopes and [*map(at, self.slopes)],
        )


class Perturbation:
    """The matrices of the bounds, for a stack of stages.

    Attributes
    ----------
    slopes : list over agents of Centred (…, n, m)
        Γⁱ.
    gains : Centred (…, n, N·m)
        M without weights.
    linear : Centred (…, N·m, N·m)
        The blocks Hʲⁱ, in row j and column i.
    """

    def __init__(self, letters: Letters):
        numbers = self._numbers = CentredStacks()
        times, turn = numbers.multiply, numbers.transpose
        B = self._B = letters.B
        loop, sizes = letters.loop, letters.sizes
        self._agents, self._states = len(sizes), loop.middle.shape[-1]
        self._own = [slice(*ends) for ends in pairwise(accumulate(sizes, initial=0))]
        turned = turn(B)
        self.slopes, halves, reached = [], [], []
        agents = zip(self._own, letters.costs, letters.rates, strict=True)
        for k, (i, P, rate) in enumerate(agents):
            slope = times(turned, numbers.scale(rate, times(P, loop)))
            if letters.slopes is not None:
                slope = slope + letters.slopes[k]
            self.slopes.append(_without_rows(slope, i))
            halves.append(numbers.scale(_HALF * rate, loop))
            reached.append(times(letters.inverse[..., i], numbers.scale(rate, turned[..., i, :])))
        self.gains = numbers.blocks([reached])
        moved = times(turn(self.gains), numbers.blocks([self.slopes]))
        self.linear = _on_diagonal(halves, numbers) - moved

    def sizes(self) -> np.ndarray:
        """About the size of each Hʲⁱ, (…, N, N)."""
        X = self.linear.size
        blocks = X.reshape(*X.shape[:-2], self._agents, self._states, self._agents, self._states)
        return np.sqrt((blocks * blocks).sum(axis=(-3, -1)))

    def bounds(self, ahead: np.ndarray, now: np.ndarray) -> tuple[list[Above], Above, Centred]:
        """By weights at t + 1 and at t (…, N): ‖(M's rows i)‖, ‖𝓑M‖, and H with blocks wʲHʲⁱ/wⁱ."""
        ahead, now = (np.repeat(w, self._states, axis=-1) for w in (ahead, now))
        gains = self.gains * Centred(ahead[..., None, :])
        linear = Centred(ahead[..., :, None]) * self.linear / Centred(now[..., None, :])
        return (
            [spectral(gains[..., i, :]) for i in self._own],
            spectral(self._numbers.multiply(self._B, gains)),
            linear,
        )


def balance_of(stage: Letters, start: np.ndarray) -> np.ndarray:
    """Z in which errors grow little at stages like this one, sought from `start` on."""
    return balanced(stage.loop.middle, Perturbation(stage).linear.middle, start)


class Windows:
    """What is linear in errors, over some stages in a row.

    With T E = F̂'EH at each stage, and X* for X with every block transposed, errors obey
    E_t = Y_t + Y_t* + R_t with Y_t = T_t E_{t+1}, hence Y_t = T_t(Y_{t+1} + V_{t+1}),
    V = Y* + R, and

        Y_t = Σ_{a ≤ w} T_t…T_{t+a−1} V_{t+a} + T_t…T_{t+w−1} Y_{t+w}.

    A product of T is bounded by the norms of a product of F̂ and one of H, which over a few stages
    are far below products of norms: no more than one V lies between two of them.

    Parameters
    ----------
    loop : Centred (T, …, m, m)
        F̂ at each stage. What is off a middle is left to R.
    linear : Centred (T, …, N·m, N·m)
        H by weights.
    longest : int
        The most stages in a row.
    squarings : int
        For norms, as `spectral` takes it.

    Attributes
    ----------
    norms : list of Above (T − a + 1, …)
        For a = 1, 2, …: bounds of T_t…T_{t+a−1}, at t.
    loop, linear : Above (T, …)
        ‖F̂‖₂ and ‖H‖₂, of middles.
    off_loop, off_linear : Above (T, …)
        ‖·‖_F of radii.
    """

    def __init__(self, loop: Centred, linear: Centred, longest: int, squarings: int = CLOSELY):
        one, other = (_Rounded(X.middle) for X in (loop, linear))
        self.loop, self.linear = one.norm(squarings), other.norm(squarings)
        self.off_loop, self.off_linear = (frobenius(X.radii) for X in (loop, linear))
        self.norms = [self.loop * self.linear]
        F, H = one, other
        for a in range(1, min(longest, len(loop.middle))):
            F, H = F.after(one, self.loop, a), H.after(other, self.linear, a)
            self.norms.append(F.norm(squarings) * H.norm(squarings))

    def at(self, t: int) -> Window:
        """Those that begin at t."""
        return Window(
            loop=self.loop[t],
            off_loop=self.off_loop[t],
            linear=self.linear[t],
            off_linear=self.off_linear[t],
            norms=[norm[t] for norm in self.norms if t < len(norm.value)],
        )


@frozen(kw_only=True, eq=False)
class Window:
    """The bounds in `Windows` of one stage, and the norms that begin there."""

    loop: Any
    off_loop: Any
    linear: Any
    off_linear: Any
    norms: list[Any]

    def map(self, change: Callable[[Any], Any]) -> Window:
        """Of other numbers."""
        return Window(
            loop=change(self.loop),
            off_loop=change(self.off_loop),
            linear=change(self.linear),
            off_linear=change(self.off_linear),
            norms=[change(norm) for norm in self.norms],
        )

    def off(self, joint: Any, f: Any) -> Any:
        """What F'EH of the true F and H is off that of middles, as a part of E.

        ‖𝓑Δ‖ ≤ `joint` and ‖F‖ ≤ f.
        """
        return (joint + self.off_loop) * self.linear + f * self.off_linear


class Rows:
    """Errors over stages in a row, as `Windows` has it: bounds of Y and R, the last stage first.

    Parameters
    ----------
    first, zero
        A bound of errors where the row begins, and 0.
    least : function of a list of bounds
    """

    def __init__(self, first: Any, zero: Any, least: Callable[[list[Any]], Any]):
        self._linear, self._new, self._zero, self._least = [zero], [first], zero, least

    def after(self, norms: Sequence[Any], new: Any) -> Any:
        """A bound of errors a stage before, of the norms that begin there and a bound of its R."""
        total, found = self._zero, []
        for norm, linear, rest in zip(norms, self._linear[::-1], self._new[::-1], strict=False):
            total = total + norm * (linear + rest)
            found.append(total + norm * linear)
        self._linear.append(self._least(found))
        self._new.append(new)
        return 2 * self._linear[-1] + new


@frozen(eq=False)
class _Rounded:
    """A stack of products near `floats`, off by at most `off` in the Frobenius norm."""

    floats: np.ndarray
    off: Above | float = 0.0

    def norm(self, squarings: int) -> Above:
        return spectral(Centred(self.floats), squarings) + self.off

    def after(self, first: _Rounded, norm: Above, stages: int) -> _Rounded:
        """The products over one stage more, the new ones in front."""
        X, Y = self.floats[1:], first.floats[:-stages]
        off = frobenius(np.abs(X)) * frobenius(np.abs(Y)) * gamma(X.shape[-1])
        before = self.off[1:] if isinstance(self.off, Above) else self.off
        return _Rounded(product(X, Y), off + norm[:-stages] * before + TINY * X[0].size)


def weights(sizes: np.ndarray, direct: np.ndarray, end: np.ndarray) -> np.ndarray:
    """Weights near the errors of each agent's P_t, as far as they compare, (T+1, …, N).

    Parameters
    ----------
    sizes : (T, …, N, N)
        `Perturbation.sizes` at each stage.
    direct : (T, …, N)
        What of an error is new at a stage, positive.
    end : (…, N)
        The weights at T.
    """
    found = [end]
    for here, new in zip(sizes[::-1], direct[::-1], strict=True):
        moved = np.einsum("...k,...ki->...i", found[-1], here)
        growth = (moved / found[-1]).max(axis=-1, keepdims=True)
        found.append(np.clip(np.fmax(new, moved / np.fmax(growth, 1)), 1 / FARTHEST, FARTHEST))
    return np.stack(found[::-1])


@cache
def cost_of_controls(k: int, *, general: bool, plain: bool) -> Any:
    """R + (τ/2)I of an agent, or (τ/2)L in the general game: what Δⁱ'Δⁱ costs besides."""
    if general:
        L = notation.precision(k)
        return sympy.ZeroMatrix(*L.shape) if plain else notation.tau_of(k) / 2 * L
    return notation.R(k) if plain else notation.R(k) + notation.tau / 2 * notation.eye(k)


@cache
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
