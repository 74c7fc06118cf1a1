"""Identities of matrices stated in Coq with MathComp, from their certificates, with proofs.

What is taken from a certificate is the statement alone. Sizes are any natural numbers, the field is
any in which the integers that are divided by are not 0, and every inverse is supposed to exist.
A sum over agents runs over ``j < N`` for any N. Of log in log det it is supposed alone that it
turns products of nonzero numbers into sums.

The proof: each inverse Y of a, in turn, gives rules, by solving Y·a = 1 and a·Y = 1 written out for
their longest products. The two sides, written out, are rewritten by these and what else is known of
traces, logarithms and sums over agents, until they are equal. Coq is given the steps, as
expressions that are zero, and adds up by computation (``identities.v``). An identity that needs
more than this is not proved.
"""
