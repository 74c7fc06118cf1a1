"""Other people's solutions and solvers, judged."""
