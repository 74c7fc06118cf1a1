"""What people read: the ledger, derivations, solutions and cross-checks, as text and Markdown."""
