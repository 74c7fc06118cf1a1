"""The paper's results: expressions and derivations, one file per result, in its order."""
