"""Games and joint policies that show what may go wrong: the witnesses of the ledger.

Each is as small as it can be. Claims are refuted by them, hypotheses shown to be needed, and what
is claimed elsewhere is tried on all of them.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from fractions import Fraction
from functools import cache, cached_property
from typing import Any

import numpy as np
from attrs import evolve, frozen
from sympy import Function, Symbol

from ergs_verify.arithmetic import Arithmetic, Rationals
from ergs_verify.errors import SingularStageError
from ergs_verify.exact import fractions
from ergs_verify.game import Game, Policy
from ergs_verify.game.gallery import gallery
from ergs_verify.ledger import continuum, loops, memory, unreached
from ergs_verify.paper import notation
from ergs_verify.recursion import Sequences, apriori, evaluate_policy, nash

DELTA = Fraction(1, 10)
"""δ of the augmented games on which claims are tried."""
SLACK = Fraction(1, 100)
"""cε of Theorem IV.2."""
delta = Symbol("delta", positive=True)
P_tilde = notation.letter_of_agents(r"{\tilde{P}_{t+1}}", notation.m, notation.m)
q_tilde = Function(r"\tilde{q}_{t+1}", real=True)


@frozen(kw_only=True, eq=False)
class Play:
    """A joint policy of an exhibit's game.

    Attributes
    ----------
    name : str
    is_nash : bool
        In the sense of Definition II.1, over all policies adapted to what an agent knows.
    linear : bool
        Every mean is a linear function of x_t.
    feedback : bool
        Every control is drawn from a π_t(u | x_t).
    independent : bool
        Given the past, independently of the other agents' controls and of the noise.
    from_every_state : bool
        An equilibrium from every x_t at every t, not only from t = 0.
    policy : Policy or None
        None where it is no linear Gaussian feedback policy.
    check : callable
        Whether an exact computation confirms `is_nash`.
    """

    name: str
    is_nash: bool
    linear: bool = True
    feedback: bool = True
    independent: bool = True
    from_every_state: bool = True
    policy: Policy | None = None
    check: Callable[[], bool] = lambda: True


@frozen(kw_only=True, eq=False)
class Exhibit:
    """A small game, and joint policies of it besides its feedback equilibrium.

    Attributes
    ----------
    name : str
        As in ``exhibit:NAME``, and of the file it is written to.
    shows : str
    game : Game
    plays : tuple of Play
    """

    name: str
    shows: str
    game: Game
    plays: tuple[Play, ...] = ()


class Case:
    """A game with one joint policy: what a claim is tried on.

    Attributes
    ----------
    name : str
    exhibit : Exhibit
    game : Game
    play : Play
    """

    def __init__(self, exhibit: Exhibit, play: Play, nash: Sequences | None):
        self.name = f"{exhibit.name}, {play.name}"
        self.exhibit, self.game, self.play = exhibit, exhibit.game, play
        #: The feedback equilibrium in exact rationals, where every Φ_t is regular.
        self.nash = nash

    @classmethod
    def of(cls, game: Game) -> Case:
        """A game's feedback equilibrium, which has to exist."""
        equilibrium = nash(game, Rationals())
        play = _equilibrium_play(equilibrium)
        return cls(Exhibit(name=game.name, shows="", game=game), play, equilibrium)

    @property
    def regular(self) -> bool:
        """Whether det Φ_t ≠ 0 at every t."""
        return self.nash is not None

    @cached_property
    def regular_at_zero(self) -> bool:
        """Whether every Φ_t of the plain game (τ = 0) is regular."""
        return singularity(self.game.at_tau(Fraction(0))) is None

    @property
    def regular_at_the_end(self) -> bool:
        """Whether det Φ_{T−1} ≠ 0, where no later policy enters."""
        return loops.last_block_system(self.game)[0].det() != 0

    @property
    def consistent(self) -> bool:
        """Whether the equations of the first singular stage, backwards, have solutions."""
        return singularity(self.game) is True

    @property
    def assumption_III_3(self) -> bool:
        """Whether τ > 2γ_B²γ_P*(N−1), squared to stay rational; False where there is no NE."""
        nash = self.nash
        return nash is not None and exceeds_bound(self.game, (P for own in nash.P for P in own))

    @property
    def condition_IV_2(self) -> bool:
        """Whether τ > 2γ_B²(γ_P* + cε)(N−1); False where there is no NE."""
        nash = self.nash
        return nash is not None and exceeds_bound(
            self.game, (P for own in nash.P for P in own), SLACK
        )

    @cached_property
    def within_slack(self) -> bool:
        """Whether ‖P_{t+1}ⁱ − P*_{t+1}ⁱ‖_F ≤ cε at every t."""
        costs, nash = self.costs, self.nash
        return (
            costs is not None
            and nash is not None
            and all(
                sum(x * x for x in (P - best).entries()) <= Rationals().scalar(SLACK**2)
                for own, bests in zip(costs.P, nash.P, strict=True)
                for P, best in zip(own[1:], bests[1:], strict=True)
            )
        )

    @property
    def coupled_by_data(self) -> bool:
        """Whether Σ_i h_tⁱ < 1 at every t, by the data's bounds of P."""
        return self._from_data is not None

    @property
    def above_data_bound(self) -> bool:
        """Whether τ exceeds the bound of Assumption III.3 that the data give."""
        found = self._from_data
        return found is not None and self.game.tau > found.assumption_bound

    @cached_property
    def _from_data(self) -> apriori.AprioriBound | None:
        return apriori.apriori_bound(apriori.data_norms(self.game), self.game.tau)

    @property
    def plays_nash(self) -> bool:
        """Whether the joint policy is the feedback equilibrium: its gains and its covariances."""
        policy = self.play.policy
        if policy is None or self.nash is None:
            return False
        numbers = Rationals()
        parts = [(policy.K, self.nash.K), (policy.Sigma or (), self.nash.Sigma)]
        return policy.Sigma is not None and all(
            fractions(X) == numbers.to_fractions(best)
            for found, sought in parts
            for mine, bests in zip(found, sought, strict=True)
            for X, best in zip(mine, bests, strict=True)
        )

    @cached_property
    def augmented_nash(self) -> Policy | None:
        """The feedback equilibrium at τ + δ with δ = 1/10, exactly; None where there is none."""
        found = _feedback(self.augmented_game)
        return found and found.as_policy(Rationals())

    @cached_property
    def augmented_game(self) -> Game:
        return self.game.augmented(DELTA)

    @cached_property
    def as_augmented(self) -> Case:
        """The same joint policy in the game at τ + δ."""
        game = self.augmented_game
        return Case(evolve(self.exhibit, game=game), self.play, _feedback(game))

    @cached_property
    def answers_itself(self) -> bool:
        """Whether the joint policy is a fixed point of the best response map at every t."""
        policy = self.play.policy
        return policy is not None and loops.is_fixed_point(self.game, policy)

    @property
    def threshold_at_every_t(self) -> bool:
        """Whether τ > 2γ_B²γ_{P,t}(N−1) at every t, at the costs of the joint policy."""
        costs = self.costs
        return costs is not None and exceeds_bound(
            self.game, (P for own in costs.P for P in own[1:])
        )

    @cached_property
    def costs(self) -> Sequences | None:
        """P_t of every agent under the joint policy, in exact rationals."""
        policy = self.play.policy
        return policy and evaluate_policy(self.game, policy, Rationals())

    def first_stage(self, arithmetic: Arithmetic) -> Mapping[Any, Any] | None:
        """Letters of stage 0 in an arithmetic; None where no linear policy is played."""
        policy, costs = self.play.policy, self.costs
        if policy is None or costs is None:
            return None
        game, numbers = self.game, Rationals()
        augmented = evaluate_policy(self.augmented_game, policy, numbers)

        def entered(matrix: np.ndarray | list) -> Any:
            rows = matrix if isinstance(matrix, list) else fractions(matrix)
            return arithmetic.matrix(rows, (len(rows), len(rows[0])))

        values: dict[Any, Any] = {
            notation.A: entered(game.A[0]),
            notation.noise: entered(game.noise_cov),
            notation.tau: arithmetic.scalar(game.tau),
            delta: arithmetic.scalar(DELTA),
            notation.x: entered([[Fraction(k + 1)] for k in range(game.state_size)]),
        }
        for k in range(1, game.agents + 1):
            values |= {
                notation.B(k): entered(game.B[k - 1][0]),
                notation.Q(k): entered(game.Q[k - 1][0]),
                notation.R(k): entered(game.R[k - 1][0]),
                notation.K(k): entered(policy.K[k - 1][0]),
                notation.P(k): entered(numbers.to_fractions(costs.P[k - 1][1])),
                P_tilde(k): entered(numbers.to_fractions(augmented.P[k - 1][1])),
                # The next stage's constants may be any numbers.
                notation.q(k): arithmetic.scalar(Fraction(k, 7)),
                q_tilde(k): arithmetic.scalar(Fraction(k, 5)),
            }
            if policy.Sigma is not None:
                values[notation.S(k)] = entered(policy.Sigma[k - 1][0])
        return values

    def values(self) -> dict[str, Any]:
        """The game's numbers under the paper's letters, and its name."""
        return {"game": self.exhibit.name, **values_of(self.game)}


def values_of(game: Game) -> dict[str, Any]:
    """The game's data, exactly, under the paper's letters; what is not named is 0."""
    values: dict = {"tau": str(game.tau), "T": str(game.horizon)}
    values["Sigma"] = _shown(game.noise_cov)
    values |= _over_time("A", game.A, game.horizon)
    for k in range(game.agents):
        values |= _over_time(f"B^{k + 1}", game.B[k], game.horizon)
        values |= _over_time(f"Q^{k + 1}", game.Q[k], game.horizon)
        values[f"Q_T^{k + 1}"] = _shown(game.Q[k][game.horizon])
        values |= _over_time(f"R^{k + 1}", game.R[k], game.horizon)
    return {letter: value for letter, value in values.items() if not _vanishes(value)}


def _vanishes(value) -> bool:
    return isinstance(value, list) and all(entry == "0" for row in value for entry in row)


def _over_time(letter: str, matrices, horizon: int) -> dict:
    """One matrix, or one for each t where they differ."""
    shown = [_shown(matrices[t]) for t in range(horizon)]
    if all(X == shown[0] for X in shown):
        return {letter: shown[0]}
    return {f"{letter}_{t}": X for t, X in enumerate(shown)}


def _shown(matrix) -> list[list[str]]:
    return [[str(entry) for entry in row] for row in fractions(matrix)]


# -- the list -------------------------------------------------------------------------------------


@cache
def exhibits() -> Mapping[str, Exhibit]:
    """Every exhibit by name."""
    listed = (
        Exhibit(
            name="no-nash",
            shows="Φ is singular and its equations have no solution",
            game=gallery("g-star-4-no-nash"),
        ),
        Exhibit(
            name="continuum",
            shows="Φ is singular and its equations have many solutions, nonlinear ones too",
            game=gallery("g-star-4-continuum"),
            plays=(
                Play(
                    name="nonlinear means",
                    is_nash=True,
                    linear=False,
                    check=continuum.is_nash,
                ),
            ),
        ),
        Exhibit(
            name="memory",
            shows="an equilibrium between agents with memory, although every Φ_t is regular",
            game=memory.game(),
            plays=(
                Play(
                    name="agents with memory",
                    is_nash=True,
                    linear=False,
                    feedback=False,
                    check=lambda: memory.is_nash().verdict == "proved",
                ),
            ),
        ),
        Exhibit(
            name="unreached",
            shows="Assumption III.3 holds, and a state that is never reached leaves a gain free",
            game=unreached.game(),
            plays=(
                Play(
                    name="another gain where no state arrives",
                    is_nash=True,
                    from_every_state=False,
                    policy=unreached.other_policy(),
                    check=unreached.is_nash,
                ),
            ),
        ),
        Exhibit(
            name="singular-tau",
            shows=(
                "Φ is singular at τ and regular at every τ + δ, and the gap does not tend to 0 "
                "with δ"
            ),
            game=_singular_tau(),
        ),
        Exhibit(
            name="near-singular",
            shows="Φ is nearly singular at τ: the gains are large",
            game=gallery("g-star-near-4"),
        ),
        Exhibit(
            name="diverging-loop",
            shows="Φ is regular and the inner loop of Algorithm 1 diverges",
            game=gallery("g-star-2"),
        ),
        Exhibit(
            name="small-tau",
            shows="the plain game (τ = 0) has a singular Φ, and τ is small",
            game=_small_tau(),
        ),
        Exhibit(
            name="skewed",
            shows="Assumption III.3 holds, and Φ is not diagonally dominant entry by entry",
            game=_skewed(),
        ),
        Exhibit(
            name="unequal-controls",
            shows="agents with one and two controls",
            game=gallery("random:N=2,m=2,p=1-2,T=2,seed=1"),
        ),
        Exhibit(
            name="as-many-controls-as-states",
            shows="p = m = 1, so that every sum of matrices is well-typed",
            game=square_sizes(),
            plays=(_made_up(square_sizes(), Fraction(3)),),
        ),
        Exhibit(
            name="one-agent",
            shows="N = 1",
            game=gallery("random:N=1,m=2,p=1,T=2,seed=3"),
        ),
        Exhibit(
            name="many-agents",
            shows="four agents",
            game=gallery("random:N=4,m=2,p=1,T=2,seed=4"),
        ),
    )
    return {exhibit.name: exhibit for exhibit in listed}


@cache
def cases() -> tuple[Case, ...]:
    """Every exhibit with its feedback equilibrium, a policy made up, and its further plays.

    Raises
    ------
    AssertionError
        Where an exact computation does not confirm that a play is an equilibrium.
    """
    return tuple(case for exhibit in exhibits().values() for case in cases_of(exhibit))


def cases_of(exhibit: Exhibit) -> list[Case]:
    """The cases of one exhibit."""
    equilibrium = _feedback(exhibit.game)
    plays = [*exhibit.plays, _made_up(exhibit.game, Fraction(2))]
    if equilibrium is not None:
        plays.append(_equilibrium_play(equilibrium))
    for play in plays:
        assert play.check(), f"{exhibit.name}: {play.name} is not confirmed"
    return [Case(exhibit, play, equilibrium) for play in plays]


def _equilibrium_play(equilibrium: Sequences) -> Play:
    policy = equilibrium.as_policy(Rationals())
    return Play(name="the feedback equilibrium", is_nash=True, policy=policy)


def _feedback(game: Game) -> Sequences | None:
    try:
        return nash(game, Rationals())
    except SingularStageError:
        return None


@cache
def singularity(game: Game) -> bool | None:
    """Whether the first singular stage's equations are consistent; None where Φ is regular."""
    try:
        nash(game, Rationals())
    except SingularStageError as error:
        return error.consistent
    return None


def exceeds_bound(game: Game, costs: Iterable[Any], slack: Fraction = Fraction(0)) -> bool:
    """Whether τ > 2γ_B²(γ + slack)(N−1), γ the largest norm of these matrices."""
    numbers = Rationals()
    gains = [sum(entry**2 for row in fractions(B) for entry in row) for b in game.B for B in b]
    largest = max(sum(numbers.to_fraction(x) ** 2 for x in P.entries()) for P in costs)
    factor = 2 * max(gains) * (game.agents - 1)
    room = game.tau - factor * slack
    return room > 0 and room**2 > factor**2 * largest


def _made_up(game: Game, spread: Fraction) -> Play:
    """Gains that answer nobody, and covariances that do not either."""
    gains = [
        [
            [[Fraction((3 * r + 2 * c + t + k) % 5 - 1, 2) for c in range(game.state_size)]
             for r in range(size)]
            for t in range(game.horizon)
        ]
        for k, size in enumerate(game.control_sizes)
    ]  # fmt: skip
    spreads = [
        [[[spread * (r == c) for c in range(size)] for r in range(size)]] * game.horizon
        for size in game.control_sizes
    ]
    return Play(
        name=f"made-up gains with Σ = {spread} I",
        is_nash=False,
        from_every_state=False,
        policy=Policy.from_arrays(K=gains, Sigma=spreads),
    )


def _singular_tau() -> Game:
    near = gallery("g-star-near-4")
    return evolve(
        near,
        name="G* at τ = 4 with A = I, Q_0 = I",
        tau_given=Fraction(4),
        x0_mean=np.array([Fraction(1), Fraction(-1)]),
        x0_cov=0 * near.x0_cov,
    )


def _small_tau() -> Game:
    star = gallery("g-star-2")
    return Game.from_arrays(
        name="G* with R = 3",
        A=star.A[0],
        B=[B[0] for B in star.B],
        Q=[list(Q) for Q in star.Q],
        R=[[[3]], [[3]]],
        tau="1/1000",
        noise_cov=star.noise_cov,
        horizon=1,
    )


def _skewed() -> Game:
    return Game.from_arrays(
        name="weak inputs, skewed R",
        A=[[1]],
        B=[[["1/10", "1/10"]], [["1/10", "1/10"]]],
        Q=[[[1]], [[1]]],
        R=[[[1, 2], [2, 5]], [[1, 2], [2, 5]]],
        tau="1/2",
        noise_cov=[[1]],
        horizon=1,
    )


def square_sizes() -> Game:
    """One agent and one number each for the state and the control; B = 2, noise 5, Q_T = 7."""
    return Game.from_arrays(
        name="p = m = 1",
        A=[[1]],
        B=[[[2]]],
        Q=[[[[1]], [[7]]]],
        R=[[[1]]],
        tau=1,
        noise_cov=[[5]],
        horizon=1,
    )
