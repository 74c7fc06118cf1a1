"""Solvers in an environment and a process of their own: ``apart.py NAME given.npz answered.npz``.

Given are A, B, Q, R of one agent, time first; answered are K, of u = Kx, and P if there is one.
"""

import sys

import numpy as np


def control_dlqr(A, B, Q, R):
    from control import dlqr

    K, P, _ = dlqr(A[0], B[0], Q[0], R[0])
    return {"K": -K, "P": P}


def slycot_sb02od(A, B, Q, R):
    """SLICOT gives P alone; K is the gain that its documentation derives from it."""
    from slycot import sb02od

    A, B, Q, R = (X[0] for X in (A, B, Q, R))
    P = sb02od(*B.shape, A, B, Q, R, "D")[0]
    return {"K": -np.linalg.solve(R + B.T @ P @ B, B.T @ P @ A), "P": P}


def drake_lqr(A, B, Q, R):
    from pydrake.systems.controllers import DiscreteTimeLinearQuadraticRegulator

    K, P = DiscreteTimeLinearQuadraticRegulator(A[0], B[0], Q[0], R[0])
    return {"K": -K, "P": P}


def gym_lqr(A, B, Q, R):
    """Its policy is u = Kx."""
    from gym_lqr.utils import solve_inf_horizon_dare

    P, K, _ = solve_inf_horizon_dare(A[0], B[0], Q[0], R[0])
    return {"K": K, "P": P}


def contrax_dare(A, B, Q, R):
    _jax()
    from contrax import dare

    found = dare(A[0], B[0], Q[0], R[0])
    return {"K": -found.K, "P": found.S}


def diffilqrax_backward(A, B, Q, R):
    _jax()
    from diffilqrax.lqr import lqr_backward_pass
    from diffilqrax.typs import LQR

    (T, m, p), none = B.shape, np.zeros
    x, u = none((T, m)), none((T, p))
    problem = LQR(A, B, x, Q[:-1], x, R, u, none((T, m, p)), Q[-1], none(m))
    return {"K": lqr_backward_pass(problem)[1].K}


def lqg_backward(A, B, Q, R):
    _jax()
    from lqg.control.lqr import backward
    from lqg.spec import LQGSpec

    (T, m, p), none = B.shape, np.zeros
    noise = {"V": none((T, m, m)), "F": none((T, m, m)), "W": none((T, m, m))}
    problem = LQGSpec(
        A=A, B=B, Q=Q[:-1], q=none((T, m)), Qf=Q[-1], qf=none(m), P=none((T, p, m)),
        R=R, r=none((T, p)), **noise,
    )  # fmt: skip
    return {"K": backward(problem).L}


def _jax():
    import jax

    jax.config.update("jax_enable_x64", True)


if __name__ == "__main__":
    _, name, given, answered = sys.argv
    with np.load(given) as data:
        found = globals()[name](*(data[letter] for letter in "ABQR"))
    np.savez(answered, **{letter: np.asarray(X) for letter, X in found.items()})
