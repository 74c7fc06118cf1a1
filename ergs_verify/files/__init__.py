"""Bytes to and from mappings: JSON, TOML (read only), NPZ and MAT.

JSON keeps every entry as it is, exact or float; NPZ and MAT hold float64. A file is written whole
or not at all. Whatever is wrong with a file is a `FileFormatError` of one sentence that names the
file and the place in it. What the mappings say is no concern of these modules.

Limits hold over a whole file and before anything in it is expanded: 10⁸ numbers in all arrays,
as many as a game may hold; 4·10⁶ matrices over time in NPZ and MAT; exponents of exact numbers
that stand for 2·10⁸ digits; 10⁵ objects in JSON; 2 MB and keys of 8 parts in TOML; 3.2 GB in the
others.
"""
