"""How good the audit is: no false alarm from right solvers, and every planted mistake caught.

``python -m benchmarks.audit_quality``.
"""
