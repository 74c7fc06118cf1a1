"""The commands: a file for each, whose function `command` has its options and its help."""
