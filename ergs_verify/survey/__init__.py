"""Questions put to families of games: sharded, resumable, on processes here or on a cluster."""

from ergs_verify.survey.families import Family, family
from ergs_verify.survey.run import Survey, survey

__all__ = ["Family", "Survey", "family", "survey"]
