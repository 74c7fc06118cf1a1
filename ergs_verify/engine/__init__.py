"""The independent second opinion: numpy, batched over games, written by hand from the paper.

Nothing here comes from the derived formulas: the Nash equilibrium is solved from the block system
Φ_t, policies are evaluated by the Lyapunov equations, Algorithm 1 runs as printed. General games go
by formulas of their own (`ergs_verify.engine.general`), also by hand. Every function
takes one game or a stack of games of equal sizes (batch axes first), with the attributes of
`ergs_verify.game.FloatGame`. An argument ``agent`` counts from 1, as everywhere; lists over agents
are indexed from 0, as lists are.
"""

from ergs_verify.engine.algorithm_1 import AlgorithmOutput, algorithm_1
from ergs_verify.engine.deviation import BestResponse, best_response
from ergs_verify.engine.distance import policy_distance, stage_distances
from ergs_verify.engine.equilibrium import EngineSolution, nash
from ergs_verify.engine.evaluation import PolicyCost, evaluate_policy
from ergs_verify.engine.moments import state_moments
from ergs_verify.engine.nash_gap import gap, stage_gaps
from ergs_verify.engine.stacking import GameArrays
from ergs_verify.engine.streaming import stack_games, stream

__all__ = [
    "AlgorithmOutput",
    "BestResponse",
    "EngineSolution",
    "GameArrays",
    "PolicyCost",
    "algorithm_1",
    "best_response",
    "evaluate_policy",
    "gap",
    "nash",
    "policy_distance",
    "stack_games",
    "stage_distances",
    "stage_gaps",
    "state_moments",
    "stream",
]
