"""Verification of entropy-regularized general-sum linear-quadratic games.

The public names load their modules when first used: ``import ergs_verify`` alone costs next to
nothing.
"""

import sys
from importlib import import_module

# `python -m ergs_verify` looks for modules in the current directory first, up to its own first
# line. So nothing is imported here that the interpreter has not loaded by itself.
TYPE_CHECKING = False
_Module = type(sys)

if TYPE_CHECKING:
    from ergs_verify.audit.solution import audit
    from ergs_verify.audit.solver import audit_solver
    from ergs_verify.certify.augmentation import gap
    from ergs_verify.certify.check import check
    from ergs_verify.certify.gap import certify_gap
    from ergs_verify.game import Game, Policy, load_game
    from ergs_verify.game.gallery import gallery
    from ergs_verify.ledger import verify_paper
    from ergs_verify.proof import prove
    from ergs_verify.solve import solve
    from ergs_verify.survey.run import survey

__version__ = "0.1.0"

__all__ = [
    "Game",
    "Policy",
    "__version__",
    "audit",
    "audit_solver",
    "certify_gap",
    "check",
    "gallery",
    "gap",
    "load_game",
    "prove",
    "solve",
    "survey",
    "verify_paper",
]

_HOMES = {
    "Game": "ergs_verify.game",
    "Policy": "ergs_verify.game",
    "audit": "ergs_verify.audit.solution",
    "audit_solver": "ergs_verify.audit.solver",
    "certify_gap": "ergs_verify.certify.gap",
    "check": "ergs_verify.certify.check",
    "gallery": "ergs_verify.game.gallery",
    "gap": "ergs_verify.certify.augmentation",
    "load_game": "ergs_verify.game",
    "prove": "ergs_verify.proof",
    "solve": "ergs_verify.solve",
    "survey": "ergs_verify.survey.run",
    "verify_paper": "ergs_verify.ledger",
}


class _Package(_Module):
    """Some public functions are named as the module they live in, `gallery` for one.

    The import system binds every imported submodule to an attribute of its package, which would
    hide such a function; here a public name stays what it is.
    """

    def __setattr__(self, name: str, value: object) -> None:
        if not (name in _HOMES and isinstance(value, _Module)):
            super().__setattr__(name, value)


sys.modules[__name__].__class__ = _Package


def __getattr__(name: str):
    if name not in _HOMES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    value = getattr(import_module(_HOMES[name]), name)
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return __all__
