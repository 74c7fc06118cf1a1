"""What a rule of inference is.

A premise or a conclusion is a sentence in which ⟨X⟩ stands for a letter that the step names.
"""

from __future__ import annotations

from typing import Any

from attrs import frozen


@frozen
class Rule:
    """If the premises hold, so does the conclusion.

    Attributes
    ----------
    name : str
    statement : str
        The general result, in LaTeX.
    source : str
        Where it is proved, or the argument in a line.
    premises : tuple of str
    conclusion : str
    """

    name: str
    statement: str
    source: str
    premises: tuple[str, ...]
    conclusion: str

    def as_json(self) -> dict[str, Any]:
        return {
            "name": self.name,
            "statement": self.statement,
            "source": self.source,
            "premises": list(self.premises),
            "conclusion": self.conclusion,
        }
