"""What a class of games puts into the derivations: costs, prior, discount and compact forms."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import Any

from attrs import frozen

from ergs_verify.paper import lemma_III_2
from ergs_verify.paper.derivation import Derived, demand_equal


@frozen(kw_only=True)
class Compact:
    """The results as one writes them, each proved equal to what was derived.

    Attributes
    ----------
    gain, riccati, constant : expressions
        Kⁱ, P_tⁱ and q_tⁱ of agent i's best response.
    policy_cost, policy_constant : expressions
        P_tⁱ and q_tⁱ of any joint policy.
    """

    gain: Any
    riccati: Any
    constant: Any
    policy_cost: Any
    policy_constant: Any


@frozen(kw_only=True, eq=False)
class Setting:
    """A class of games, for an agent i among any number of agents, at one stage.

    Attributes
    ----------
    name : str
        Empty for the paper's class.
    stage : function of agent i's control
        The stage cost without entropy.
    tau, discount : scalars
        Agent i's τ, and the factor of what the next stage hands back.
    prior : lemma_III_2.Prior
    prior_gain, prior_precision : expressions, p_i×m and p_i×p_i
        Agent i's prior is N(prior_gain · x, prior_precision⁻¹).
    lemma : function without arguments
        Lemma III.2 for this prior, derived.
    condition, cost : functions of τ, P and agent i's gain
        The first-order condition of the gain, and P_t where the others' policies are fixed.
    definitions : mapping from letters to expressions
    symmetric : letters
    compact : Compact
    """

    name: str
    stage: Callable[[Any], Any]
    tau: Any
    discount: Any
    prior: lemma_III_2.Prior
    prior_gain: Any
    prior_precision: Any
    lemma: Callable[[], Derived]
    condition: Callable[[Any, Any, Any], Any]
    cost: Callable[[Any, Any, Any], Any]
    definitions: Mapping[Any, Any]
    symmetric: tuple
    compact: Compact

    def equal(
        self,
        left: Any,
        right: Any,
        why: str,
        more: Mapping | None = None,
        also: Iterable = (),
        opaque: Iterable = (),
    ) -> str:
        """Demand that two sides are equal, by the class's definitions and symmetric letters.

        `also` are symmetric too. For `opaque` letters the sides are equal whatever symmetric
        matrices these are: their definitions are not used.
        """
        definitions = {**self.definitions, **(more or {})}
        opaque = tuple(opaque)
        return demand_equal(
            left,
            right,
            definitions={k: body for k, body in definitions.items() if k not in opaque},
            symmetric=(*self.symmetric, *also, *opaque),
            why=why,
        )


def titled(title: str, setting: Setting) -> str:
    """The title of a derivation, with the class of games where it is not the paper's."""
    return f"{title} in {setting.name}" if setting.name else title
