"""What a mistake is: a name, what to look at, and the numbers it leads to on any game."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence

from attrs import frozen

from ergs_verify.arithmetic.base import Matrix
from ergs_verify.arithmetic.float64 import Float64
from ergs_verify.audit.mistakes.gains import equilibrium_gains
from ergs_verify.audit.mistakes.numbers import Numbers
from ergs_verify.evaluate import Evaluator
from ergs_verify.game import Game
from ergs_verify.game.letters import POLICY
from ergs_verify.paper.formulas import Formulas
from ergs_verify.recursion.records import Stage
from ergs_verify.recursion.stages import Stages

#: Digits that a number read off the stated ones may take from the evidence: all of float64's.
_READ_OFF = 16


def freedom(numbers: int) -> float:
    """By how many digits more each of so many numbers agrees where one parameter is read off."""
    return _READ_OFF / max(numbers, 1)


#: One for all: `SharedStages` tells arithmetics by their identity.
FLOAT64 = Float64()

#: Every agent's gain at a stage that knows P_{t+1}, and given all from the end back to stage t+1.
Gains = Callable[[Stages, Evaluator, Sequence[Stage]], list[Matrix]]

#: Every agent's covariance at a stage that knows P_{t+1}.
Covariances = Callable[[Stages, Evaluator], Sequence[Matrix]]


@frozen(kw_only=True)
class Recomputed:
    """A mistake inside the recursion: the game is solved anew with it.

    Attributes
    ----------
    data : callable, optional
        The game as the mistaken solver reads it.
    formulas : Formulas, optional
        The derived ones, of which some are replaced by what the solver computes.
    gains : callable
        What the solver takes for a stage's equilibrium.
    covariances : callable
        What it takes for the covariances there.
    arithmetic : Float64, optional
        The numbers that belong to the mistake, where high precision would undo it.
    letters : frozenset of str
        Those among K, k, Sigma, P, s, q that the mistake can change.
    silent_end : bool
        What is computed for P_T, s_T and q_T is not what the solver hands out.
    early : bool
        The data of the last stages alone do not say what the solver reads there.
    detail : str
        What the message adds, where the ways of making a mistake need to be told apart.
    freedom : float
        By how many digits more each number agrees by chance, where the best of many tries was
        taken: log10 of their number at a stage, shared out among the stage's gains.
    """

    data: Callable[[Game], Game] | None = None
    formulas: Formulas | None = None
    gains: Gains = lambda stages, stage, _played: equilibrium_gains(stages, stage)
    covariances: Covariances = lambda stages, stage: stages.covariances(stage)
    arithmetic: Float64 | None = None
    letters: frozenset[str] = frozenset(letter.name for letter in POLICY)
    silent_end: bool = False
    early: bool = False
    detail: str = ""
    freedom: float = 0.0


@frozen
class Handled:
    """A mistake in handing over the numbers: what `make` does to the right ones.

    `make` takes the right numbers and the stated ones; letters that it leaves out are right.
    `detail` is what the message adds.
    """

    make: Callable[[Numbers, Numbers], Numbers]
    detail: str = ""


@frozen(kw_only=True)
class Mistake:
    """A mistake that solvers make, or a misprint that they copy.

    Attributes
    ----------
    id : str
    message : str
        What the solver does, in one sentence.
    look_at : str
        Where to look in the solver.
    variants : callable
        The ways of making it on a game.
    fitted : callable
        Further ways, of which a parameter is read off the stated numbers.
    like_rounding : bool
        Near a singular Φ_t rounding leads to such numbers too.
    """

    id: str
    message: str
    look_at: str
    variants: Callable[[Game], Iterable[Recomputed | Handled]]
    fitted: Callable[[Game, Numbers], Iterable[Recomputed | Handled]] = lambda _game, _stated: ()
    like_rounding: bool = False
