"""Every exception of the package, worded for the person who meets it.

`InputError` and its kin are the input's fault (exit status 2 on the command line); the others
are answers: a game without a single equilibrium, a question that a precision cannot settle.
"""

from __future__ import annotations

from fractions import Fraction


class ErgsError(Exception):
    """The class of every error that this package raises on purpose."""


class InputError(ErgsError):
    """The input is bad.

    Attributes
    ----------
    message : str
        What is wrong, in one sentence.
    where : str
        The place in the input, such as ``Q[1][3]``.
    """

    def __init__(self, message: str, where: str = ""):
        super().__init__(message)
        self.message = message
        self.where = where


class FileFormatError(InputError):
    """A file cannot be read or written. `where` is its name and the place in it."""


class ShapeError(ErgsError):
    """An expression adds or multiplies matrices whose sizes do not fit."""


class UnsupportedError(ErgsError):
    """An expression lies outside the language that the prover knows."""


class DerivationError(ErgsError):
    """A derivation's step does not follow from the step before."""


class NotCertifiedError(ErgsError):
    """The precision allowed does not certify what was asked."""


class UnboundedCostError(ErgsError):
    """An agent's cost has no lower bound, so there is no Nash equilibrium.

    Attributes
    ----------
    agent : int
        Counted from 1.
    t : int or None
        The stage, counted from 0; None if the horizon is infinite.
    direction : list of Fraction, of length p_i
        A control v of the agent with v'Wv < 0: along it the cost tends to −∞.
    singular : bool
        If True, Wv = 0 instead, and τ > 0: the cost tends to −∞ as the control's variance along v
        grows.
    against_others : bool
        If True, this holds against the gains of the others that were asked about, and need not
        hold against other gains.

    Notes
    -----
    W is the matrix that has to be positive definite: :doc:`/explanation/theory`, "The general
    game".
    """

    def __init__(
        self,
        agent: int,
        t: int | None,
        direction: list[Fraction],
        *,
        singular: bool = False,
        against_others: bool = False,
    ):
        self.agent = agent
        self.t = t
        self.direction = direction
        self.singular = singular
        self.against_others = against_others
        at = "" if t is None else f"at stage t = {t} "
        shown = f"({', '.join(f'{float(x):.4g}' for x in direction)})"
        why = (
            f"W is singular, and as the variance along the control {shown} grows, the cost tends "
            "to −∞"
            if singular
            else f"W has a negative eigenvalue, and along the control {shown} the cost tends to −∞"
        )
        against = " against the other agents' gains" if against_others else ""
        so = "" if against_others else ", so there is no Nash equilibrium"
        super().__init__(
            f"the cost of agent {agent} has no lower bound{against}: {at}its {why}{so}"
        )


class NoStablePolicyError(ErgsError):
    """No joint policy is stable: a part of the state that no control reaches does not shrink.

    Attributes
    ----------
    factor : float
        By which that part grows in a stage.
    discount : float
        The game's discount, which does not make up for it.

    Notes
    -----
    What a stable policy is, is said in :doc:`/explanation/theory`, "Infinite horizon".
    """

    def __init__(self, factor: float, discount: float):
        self.factor = factor
        self.discount = discount
        grows, hint = f"grows by a factor of {factor:.6g} a stage", ""
        if f"{factor:.6g}" == "1":
            grows = "does not shrink"
            hint = "; in place of a state that is always 1, use drift, x_linear and u_linear"
        if discount != 1:
            grows += f", which the discount {discount:.6g} does not make up for"
        super().__init__(
            f"no policy is stable: a part of the state that no control reaches {grows}, so there "
            f"is no stationary equilibrium{hint}"
        )


class SingularStageError(ErgsError):
    """Φ_t is singular at a stage, so the game does not have exactly one Nash equilibrium.

    Attributes
    ----------
    t : int
        The stage, counted from 0.
    consistent : bool or None
        True: the equations for the gains have a continuum of solutions. False: they have none.
        None: not known.

    Notes
    -----
    See :doc:`/explanation/theory`, "Existence and uniqueness".
    """

    def __init__(self, t: int, consistent: bool | None = None):
        self.t = t
        self.consistent = consistent
        kind = {
            True: "the equations for the gains have a continuum of solutions",
            False: "the equations for the gains have no solution, so there is no Nash equilibrium",
            None: "there is either no Nash equilibrium or a continuum of them",
        }[consistent]
        super().__init__(f"Φ_t is singular at stage t = {t}: {kind}")
