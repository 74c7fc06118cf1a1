"""Games that others published, with the numbers that their sources print.

The data are the source's numbers. Three things are rewritten, none of which moves an equilibrium:
what a source maximises is minimised with the sign turned, a state that is always 1 becomes the
affine terms (`drift`, `x_linear`, `u_linear`), and an infinite horizon is cut to the number of
stages said with the game, without a terminal cost. Where a source adds nothing random, noise and
the covariance of x_0 are 0.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from fractions import Fraction
from typing import Any

from attrs import frozen

from ergs_verify.game.gallery.entries import Rows, diagonal, scalar
from ergs_verify.game.game import Game
from ergs_verify.game.horizon import is_infinite


@frozen
class Printed:
    """A number that a source prints, and what it is of the game's solution.

    Attributes
    ----------
    called : str
        The source's name for it.
    text : str
        With the source's digits.
    quantity : str
        ``K``, ``k``, ``P`` or ``s``, or ``value``, an agent's cost from the mean of x_0.
    agent : int
        From 1 on.
    entry : tuple of int
        Row and column, or the place in a vector; empty for ``value``.
    sign : int
        The source's number is ``added + sign · ours``.
    added : int
    stages : int or None
        It is that of so many stages before the end; None: that of an infinite horizon, for which
        t = 0 stands.
    """

    called: str
    text: str
    quantity: str
    agent: int = 1
    entry: tuple[int, ...] = ()
    sign: int = 1
    added: int = 0
    stages: int | None = None


@frozen
class Published:
    """A published game.

    Attributes
    ----------
    name : str
    shows : str
        What the game is, in one sentence.
    source : str
        Who published it, and where the numbers stand.
    horizon : int
        The number of stages that `game` takes by default.
    data : function of the horizon
        Gives the keywords of `Game.from_arrays`.
    remark : str
        What is worth knowing about the numbers; may be empty.
    printed : tuple of Printed
        The numbers that the source prints.
    """

    name: str
    shows: str
    source: str
    horizon: int
    data: Callable[[int], dict[str, Any]]
    remark: str
    printed: tuple[Printed, ...]

    def game(self, horizon: int | None = None) -> Game:
        """The game.

        Parameters
        ----------
        horizon : int, optional
            The number of stages; by default `self.horizon`.

        Returns
        -------
        Game

        Raises
        ------
        InputError
            If `horizon` is below 1.

        Examples
        --------
        >>> from ergs_verify.game.gallery import published
        >>> published()["quantecon-duopoly"].game(3).horizon
        3
        """
        stages = self.horizon if horizon is None else horizon
        return Game.from_arrays(name=self.name, horizon=stages, **self.data(stages))


PUBLISHED: dict[str, Published] = {}


def _published(
    name: str,
    shows: str,
    *,
    source: str,
    horizon: int,
    remark: str = "",
    printed: Iterable[Printed] = (),
):
    def enter(data: Callable[[int], dict[str, Any]]) -> Callable[[int], dict[str, Any]]:
        PUBLISHED[name] = Published(name, shows, source, horizon, data, remark, tuple(printed))
        return data

    return enter


def _gains(called: str, agent: int, stages: int, rows: list[str]) -> list[Printed]:
    """The rows of a printed F of u = −F(x, 1), the constants last."""
    found = []
    for r, row in enumerate(rows):
        *gains, constant = row.split()
        found += [
            Printed(f"{called}[{r + 1},{c + 1}]", text, "K", agent, (r, c), -1, stages=stages)
            for c, text in enumerate(gains)
        ]
        last = f"{called}[{r + 1},{len(gains) + 1}]"
        found.append(Printed(last, constant, "k", agent, (r,), -1, stages=stages))
    return found


def _stages(matrix: Any, horizon: int) -> Any:
    """A cost over time without a terminal one; the one where the horizon is infinite."""
    if is_infinite(horizon):
        return matrix
    zero = [0] * len(matrix) if not isinstance(matrix[0], list) else scalar(len(matrix), 0)
    return [matrix] * horizon + [zero]


def _negative(matrix: Any) -> Any:
    return (
        [[-Fraction(x) for x in row] for row in matrix]
        if isinstance(matrix[0], list)
        else [-Fraction(x) for x in matrix]
    )


def _still(size: int, *x0: Any) -> dict[str, Any]:
    """No noise, and a known x_0."""
    zero = scalar(size, 0)
    return {"noise_cov": zero, "x0_mean": list(x0) if x0 else [0] * size, "x0_cov": zero}


_LECTURES = "QuantEcon, Quantitative Economics with Julia"


def _duopoly(gamma: int, T: int) -> dict[str, Any]:
    """Profits (10 − 2(q_1 + q_2)) q_i − γ u_i², outputs q_i that move by u_i."""
    return {
        "tau": 0,
        "discount": "0.96",
        "A": scalar(2, 1),
        "B": [[[1], [0]], [[0], [1]]],
        "Q": [_stages([[2, 1], [1, 0]], T), _stages([[0, 1], [1, 2]], T)],
        "x_linear": [_stages([-5, 0], T), _stages([0, -5], T)],
        "R": [[[gamma]], [[gamma]]],
        "indefinite": True,
        **_still(2, 1, 1),
    }


@_published(
    "quantecon-duopoly",
    "Two firms choose how fast to change their outputs; adjustment is costly, demand linear, the "
    "future discounted.",
    source=f"{_LECTURES}, lecture Markov Perfect Equilibrium, the tests of its cells (file "
    "lectures/multi_agent_models/markov_perf.md); the numbers are those of QuantEcon's nnash with "
    "its tolerance 1e-8.",
    horizon=51,
    remark="The lecture intends an infinite horizon. Its solver iterates from a cost of zero "
    "until two rounds differ by less than 1e-8, which happens after 51 rounds. So it "
    "prints the equilibrium over 51 stages, which agrees with that of an infinite horizon "
    "to seven digits.",
    printed=[
        Printed("F1[1]", "-0.6684661455442794", "k", 1, (0,), -1, stages=51),
        Printed("F1[2]", "0.295124817744414", "K", 1, (0, 0), -1, stages=51),
        Printed("F1[3]", "0.07584666305807419", "K", 1, (0, 1), -1, stages=51),
        Printed("F2[1]", "-0.6684661455442794", "k", 2, (0,), -1, stages=51),
        Printed("F2[2]", "0.07584666305807419", "K", 2, (0, 0), -1, stages=51),
        Printed("F2[3]", "0.295124817744414", "K", 2, (0, 1), -1, stages=51),
        Printed("P1[1,2]", "-13.28370101134053", "s", 1, (0,), stages=51),
        Printed("P2[2,1]", "2.435873888234417", "s", 2, (0,), stages=51),
    ],
)
def _quantecon_duopoly(T: int) -> dict[str, Any]:
    return _duopoly(12, T)


@_published(
    "quantecon-next-output",
    "The same duopoly with firms that choose their next output itself, so that the cost of "
    "adjustment has a product of control and state.",
    source="The numbers are those of quantecon-duopoly, in these coordinates.",
    horizon=51,
    remark="The equilibrium does not depend on which of the two a firm is said to choose.",
    printed=[
        Printed("F1[1]", "-0.6684661455442794", "k", 1, (0,), -1, stages=51),
        Printed("F1[2]", "0.295124817744414", "K", 1, (0, 0), -1, added=1, stages=51),
        Printed("F1[3]", "0.07584666305807419", "K", 1, (0, 1), -1, stages=51),
        Printed("P2[2,1]", "2.435873888234417", "s", 2, (0,), stages=51),
    ],
)
def _quantecon_next_output(T: int) -> dict[str, Any]:
    gamma = 12
    return {
        **_duopoly(gamma, T),
        "A": scalar(2, 0),
        "Q": [_stages([[2 + gamma, 1], [1, 0]], T), _stages([[0, 1], [1, 2 + gamma]], T)],
        "S": [[[-gamma, 0]], [[0, -gamma]]],
    }


@_published(
    "quantecon-slow-duopoly",
    "The same duopoly with adjustment ten times as costly, against which a leader's commitment is "
    "measured.",
    source=f"{_LECTURES}, lecture Dynamic Stackelberg Problems, section Markov Perfect "
    "Equilibrium, the tests of its cells (file "
    "lectures/dynamic_programming_squared/dyn_stack.md), rounded there to four decimals.",
    horizon=280,
    remark="The solver stops where rounding lets it, after a number of stages that the lecture "
    "does not state. Only 279 and 280 stages give the printed value of the firms. To these "
    "digits the gains do not depend on that number.",
    printed=[
        Printed("F1[1]", "-0.2270", "k", 1, (0,), -1, stages=280),
        Printed("F2[2]", "0.0945", "K", 2, (0, 1), -1, stages=280),
        Printed("v1_direct", "133.3296", "value", 1, sign=-1, stages=280),
        Printed("v2_direct", "133.3296", "value", 2, sign=-1, stages=280),
    ],
)
def _quantecon_slow_duopoly(T: int) -> dict[str, Any]:
    return _duopoly(120, T)


@_published(
    "quantecon-inventories",
    "Two firms choose production and price of related goods and carry inventories: costs on "
    "products of the two firms' prices, a drift, and linear costs.",
    source="QuantEcon.py, quantecon/tests/test_lqnash.py, test_nnash: the gains that K. L. Judd's "
    "Matlab program judd.m gave. The entries of P1 and P2: "
    f"{_LECTURES}, lecture Markov Perfect Equilibrium, exercise 2, the tests of its cells.",
    horizon=42,
    remark="Both intend an infinite horizon and stop once two rounds are close enough: the Matlab "
    "program after 42 stages, at 1e-12, and the lecture after 30, at 1e-8. Each prints the "
    "equilibrium over that many stages. The matrices are passed to a solver that says it "
    "minimises, but they belong to a maximisation. Minimised, the costs have no lower "
    "bound. The solver uses the first-order conditions alone, which are the same for both. "
    "Here the profits are maximised.",
    printed=[
        *_gains(
            "f1_ml",
            1,
            42,
            [
                "0.243666582208565 0.027236062661951 -6.827882928738190",
                "0.392370733875639 0.139696450885998 -37.734107291009138",
            ],
        ),
        *_gains(
            "f2_ml",
            2,
            42,
            [
                "0.027236062661951 0.243666582208565 -6.827882928738186",
                "0.139696450885998 0.392370733875639 -37.734107291009131",
            ],
        ),
        Printed("P1[1,2]", "-0.03907919510094898", "P", 1, (0, 1), -1, stages=30),
        Printed("P2[2,1]", "-0.03907919510094898", "P", 2, (1, 0), -1, stages=30),
        Printed("P2[2,3]", "16.175157671662866", "s", 2, (1,), -1, stages=30),
    ],
)
def _quantecon_inventories(T: int) -> dict[str, Any]:
    kept = Fraction(49, 50)
    half, quarter = kept / 2, Fraction(-1, 4)
    return {
        "tau": 0,
        "A": scalar(2, kept),
        "B": [[[kept, kept], [0, -half]], [[0, -half], [kept, kept]]],
        "drift": [-25 * kept, -25 * kept],
        "Q": [_stages(diagonal("1/2", 0), T), _stages(diagonal(0, "1/2"), T)],
        "x_linear": [_stages([-1, 0], T), _stages([0, -1], T)],
        "R": [
            [["3/2", 0, 0, 0], [0, 1, 0, quarter], [0, 0, 0, 0], [0, quarter, 0, 0]],
            [[0, 0, 0, 0], [0, 0, 0, quarter], [0, 0, "3/2", 0], [0, quarter, 0, 1]],
        ],
        "u_linear": [[5, "-25/2"], [5, "-25/2"]],
        "indefinite": True,
        **_still(2, 2, 0),
    }


@_published(
    "quantecon-savings",
    "A household saves from a random income over 45 years; it discounts the future, and what "
    "it leaves or owes at the end is costly.",
    source=f"{_LECTURES}, lecture LQ Control: Foundations, the finite-horizon example, the tests "
    "of its cells (file lectures/dynamic_programming/lqcontrol.md).",
    horizon=45,
    remark="One agent. The terminal weight of 1e6 costs float64 the last digits.",
    printed=[Printed("c[1]", "1.0000000065749655", "k", 1, (0,), added=2, stages=45)],
)
def _quantecon_savings(T: int) -> dict[str, Any]:
    return {
        "tau": 0,
        "discount": "20/21",
        "A": [["1.05"]],
        "B": [[[-1]]],
        "drift": [-1],
        "Q": [[[[0]]] * T + [[[1_000_000]]]],
        "R": [[[1]]],
        "noise_cov": [["0.0625"]],
        "x0_mean": [0],
        "x0_cov": [[0]],
    }


@_published(
    "quantecon-monopolist",
    "A monopolist follows a random demand with an output that is costly to change.",
    source=f"{_LECTURES}, lecture LQ Control: Foundations, exercise 3, the tests of its cells "
    "(file lectures/dynamic_programming/lqcontrol.md).",
    horizon=200,
    remark="One agent.",
    printed=[
        Printed("P_inf[1,1]", "0.8516135671263027", "P", 1, (0, 0)),
        Printed("F_inf[2]", "0.48286167035535027", "K", 1, (0, 1), -1),
    ],
)
def _quantecon_monopolist(T: int) -> dict[str, Any]:
    return {
        "tau": 0,
        "discount": "0.95",
        "A": diagonal("0.9", 1),
        "B": [[[0], [1]]],
        "drift": ["0.3", 0],
        "Q": [_stages([["1/2", "-1/2"], ["-1/2", "1/2"]], T)],
        "R": [[[1]]],
        "noise_cov": diagonal("0.0225", 0),
        "x0_mean": [3, 2],
        "x0_cov": scalar(2, 0),
    }


_EXPECTATIONS = (
    f"{_LECTURES}, lecture Rational Expectations Equilibrium (file "
    "lectures/multi_agent_models/rational_expectations.md), "
)


@_published(
    "quantecon-firm",
    "A small firm adjusts its output and takes the movement of the market's output as given; its "
    "profit is linear in its own output.",
    source=_EXPECTATIONS + "exercise 1: its text, and the tests of its cells.",
    horizon=700,
    remark="One agent. F[1] is 0, so no digit of the printed value is right.",
    printed=[
        Printed("h_0", "96.949", "k", 1, (0,)),
        Printed("h_2", "-0.046", "K", 1, (0, 1)),
        Printed("F[1]", "-2.3625545964023384e-15", "K", 1, (0, 0), -1),
        Printed("F[2]", "0.04628205128205243", "K", 1, (0, 1), -1),
        Printed("h0", "96.94871794872053", "k", 1, (0,)),
    ],
)
def _quantecon_firm(T: int) -> dict[str, Any]:
    return {
        "tau": 0,
        "discount": "0.95",
        "A": diagonal(1, "0.95"),
        "B": [[[1], [0]]],
        "drift": [0, "95.5"],
        "Q": [_stages([[0, "0.025"], ["0.025", 0]], T)],
        "x_linear": [_stages([-50, 0], T)],
        "R": [[[5]]],
        "indefinite": True,
        **_still(2),
    }


def _market(slope: str, T: int) -> dict[str, Any]:
    """Output Y that moves by u at a cost of 5u², valued at 100 Y − slope·Y²."""
    return {
        "tau": 0,
        "discount": "0.95",
        "A": [[1]],
        "B": [[[1]]],
        "Q": [_stages([[slope]], T)],
        "x_linear": [_stages([-50], T)],
        "R": [[[5]]],
        **_still(1),
    }


@_published(
    "quantecon-planner",
    "A planner moves the market's output for the good of all, which is how a competitive market "
    "moves it.",
    source=_EXPECTATIONS + "exercises 2 and 3: the pair (iii) that the text names as the answer.",
    horizon=500,
    remark="One agent. The lecture accepts the pair at a tolerance of 1e-4; its test of the "
    "planner's own numbers allows a relative error of 4, so that it cannot fail.",
    printed=[
        Printed("κ_0", "95.0818452486", "k", 1, (0,)),
        Printed("κ_1", "0.952459076301", "K", 1, (0, 0), added=1),
    ],
)
def _quantecon_planner(T: int) -> dict[str, Any]:
    return _market("0.025", T)


@_published(
    "quantecon-monopoly",
    "A monopolist moves the same market's output for its own profit.",
    source=_EXPECTATIONS + "exercise 4: its text, and the tests of its cells.",
    horizon=500,
    remark="One agent.",
    printed=[
        Printed("m_0", "73.4729", "k", 1, (0,)),
        Printed("m_1", "0.9265", "K", 1, (0, 0), added=1),
        Printed("m0", "73.47294403502833", "k", 1, (0,)),
    ],
)
def _quantecon_monopoly(T: int) -> dict[str, Any]:
    return _market("0.05", T)


@_published(
    "quantecon-robust",
    "A zero-sum game in which a monopolist fears a nature that moves demand against it: the two "
    "costs have opposite signs, and both are discounted.",
    source=f"{_LECTURES}, lecture Robustness, the tests of its cells (file "
    "lectures/dynamic_programming/robustness.md).",
    horizon=200,
    remark="The text says θ = 0.02; the cell that gives the number has θ = 0.002, which is used "
    "here.",
    printed=[Printed("Kb[1]", "-391.8748067167833", "k", 2, (0,))],
)
def _quantecon_robust(T: int) -> dict[str, Any]:
    Q, x_linear = [["1/2", "-1/2"], ["-1/2", 0]], [-49, 0]
    R = diagonal(25, "-0.0019")  # γ/2, and −βθ
    return {
        "tau": 0,
        "discount": "0.95",
        "A": diagonal(1, "0.9"),
        "B": [[[1], [0]], [[0], ["0.05"]]],
        "Q": [_stages(Q, T), _stages(_negative(Q), T)],
        "x_linear": [_stages(x_linear, T), _stages(_negative(x_linear), T)],
        "R": [R, _negative(R)],
        "indefinite": True,
        **_still(2),
    }


@_published(
    "quantecon-deadbeat",
    "Two controls, one of which is free, so that the state is reached at once; R is singular and "
    "W is not.",
    source="QuantEcon.py, quantecon/tests/test_lqcontrol.py, test_stationary_mat, with the "
    "terminal cost of that file's lq_mat.",
    horizon=10,
    remark="One agent.",
    printed=[
        Printed("f_answer[1,1]", "-.95", "K", 1, (0, 0), -1),
        Printed("f_answer[1,2]", "-.95", "K", 1, (0, 1), -1),
        Printed("f_answer[2,1]", "0.", "K", 1, (1, 0), -1),
        Printed("f_answer[2,2]", "0.", "K", 1, (1, 1), -1),
    ],
)
def _quantecon_deadbeat(T: int) -> dict[str, Any]:
    row: list[Any] = ["0.95", "0.95"]
    return {
        "tau": 0,
        "discount": "0.95",
        "A": [row, row],
        "B": [[[-1, -1], [-1, -1]]],
        "Q": [[diagonal(1, 0)] * T + [scalar(2, 100)]],
        "R": [diagonal(0, 1)],
        "indefinite": True,
        **_still(2),
    }


def _opposed(B: list[Rows], Q: Rows, A: Rows, x0: list[Any]) -> dict[str, Any]:
    """Two players with opposite aims, each of whom pays for its own control alone."""
    return {
        "tau": 0,
        "A": A,
        "B": B,
        "Q": [Q, _negative(Q)],
        "R": [scalar(len(B_i[0]), 1) for B_i in B],
        "indefinite": True,
        **_still(len(A), *x0),
    }


_LINE: Rows = [[1, "0.1"], [0, 1]]


@_published(
    "ilqgames-line",
    "A point mass on a line that two players push alike: one wants it at rest at 0, the other "
    "away from there.",
    source="ilqgames, python/test_solve_lq_game.py (D. Fridovich-Keil, HJ Reachability Group). "
    "It prints no numbers; its test asks that the first gains be the stationary ones to four "
    "decimals.",
    horizon=100,
)
def _ilqgames_line(T: int) -> dict[str, Any]:
    push: Rows = [["0.005"], ["0.1"]]
    return _opposed([push, push], diagonal(1, "0.1"), _LINE, [])


@_published(
    "ilqgames-line-unequal",
    "The point mass on a line with a second player who pushes less and acts mostly on the "
    "position.",
    source="iLQGames.jl, test/test_solve_lq_game.jl, generate_1D_pointmass_game (L. Peters). It "
    "prints no numbers.",
    horizon=100,
)
def _ilqgames_line_unequal(T: int) -> dict[str, Any]:
    B: list[Rows] = [[["0.005"], ["0.1"]], [["0.0032"], ["0.011"]]]
    return _opposed(B, scalar(2, 1), _LINE, [])


def _plane() -> tuple[Rows, list[Rows], Rows]:
    A: Rows = [[1, 0, "0.1", 0], [0, 1, 0, "0.1"], [0, 0, 1, 0], [0, 0, 0, 1]]
    B: list[Rows] = [
        [[0, 0], [0, 0], ["0.1", 0], [0, "0.1"]],
        [["0.1", 0], [0, "0.1"], [0, 0], [0, 0]],
    ]
    return A, B, diagonal(1, 2, 0, 0)


@_published(
    "ilqgames-plane",
    "A point mass in the plane: one player sets its acceleration and wants it at 0, the other "
    "shifts it and wants it away.",
    source="ilqgames, python/test_two_player_point_mass.py, and iLQGames.jl, "
    "test/test_solve_lq_game.jl, generate_2D_pointmass_game. They print no numbers.",
    horizon=100,
)
def _ilqgames_plane(T: int) -> dict[str, Any]:
    A, B, Q = _plane()
    return _opposed(B, Q, A, [1, 1, 1, 1])


@_published(
    "klgame-plane",
    "The point mass in the plane with players who stay near a reference policy: each pays for the "
    "Kullback–Leibler divergence from it, at its own rate.",
    source="The class of games is that of J. Lidard, H. Hu, A. Hancock et al., Blending "
    "Data-Driven Priors in Dynamic Games (arXiv:2402.14174), which prints no "
    "linear-quadratic data. The data are those of ilqgames-plane. The reference policies "
    "are chosen here: braking towards 0, and keeping still.",
    horizon=100,
)
def _klgame_plane(T: int) -> dict[str, Any]:
    A, B, Q = _plane()
    return {
        **_opposed(B, Q, A, [1, 1, 1, 1]),
        "tau": ["1/2", 2],
        "prior": [
            {"gain": [[-1, 0, -2, 0], [0, -1, 0, -2]], "cov": scalar(2, "1/4")},
            {"cov": scalar(2, "1/100")},
        ],
    }


@_published(
    "pursuit-evasion",
    "A zero-sum game of a pursuer and an evader, for whom acceleration costs ten times as much. "
    "The coordinates are relative, and the accelerations partly random.",
    source="TSummersLab, partial-asym-info-best-response, the example of a pursuit-evasion game "
    "with perfect information (Matlab). It prints no numbers.",
    horizon=150,
)
def _pursuit_evasion(T: int) -> dict[str, Any]:
    A, (pursuer, _), _ = _plane()
    R = diagonal(1, 1, -10, -10)
    Q = scalar(4, "0.01")
    return {
        "tau": 0,
        "A": A,
        "B": [pursuer, _negative(pursuer)],
        "Q": [Q, _negative(Q)],
        "R": [R, _negative(R)],
        "indefinite": True,
        "noise_cov": diagonal(0, 0, 2, 2),
        "x0_mean": [-100, 0, 0, 0],
        "x0_cov": scalar(4, 0),
    }


@_published(
    "f16-autopilot",
    "A zero-sum game of an F-16's elevator against the worst gust of wind.",
    source="A. Al-Tamimi, F. L. Lewis and M. Abu-Khalaf, Model-free Q-learning designs for linear "
    "discrete-time zero-sum games, Automatica 43 (2007), 473–481; its data are taken from "
    "public programs. The paper was not at hand, so its numbers are left out.",
    horizon=150,
)
def _f16_autopilot(T: int) -> dict[str, Any]:
    Q = scalar(3, 1)
    R = diagonal(1, -1)
    return {
        "tau": 0,
        "A": [
            ["0.906488", "0.0816012", "-0.0005"],
            ["0.0741349", "0.90121", "-0.000708383"],
            [0, 0, "0.132655"],
        ],
        "B": [
            [["-0.00150808"], ["-0.0096"], ["0.867345"]],
            [["0.00951892"], ["0.00038373"], [0]],
        ],
        "Q": [Q, _negative(Q)],
        "R": [R, _negative(R)],
        "indefinite": True,
        **_still(3, 10, 5, -2),
    }


@_published(
    "pydiffgame-masses",
    "Two masses that do not interact, each steered by its own player; a game of the paper's class.",
    source="PyDiffGame, tests/test_discrete.py, test_discrete_game_residual_and_stability (J. S. "
    "Krichely). It prints no numbers.",
    horizon=100,
)
def _pydiffgame_masses(T: int) -> dict[str, Any]:
    return {
        "tau": 0,
        "A": [[1, "0.05", 0, 0], [0, 1, 0, 0], [0, 0, 1, "0.05"], [0, 0, 0, 1]],
        "B": [[[0], [1], [0], [0]], [[0], [0], [0], [1]]],
        "Q": [diagonal(1, "0.1", 0, 0), diagonal(0, 0, 1, "0.1")],
        "R": [[[1]], [[1]]],
        **_still(4),
    }
