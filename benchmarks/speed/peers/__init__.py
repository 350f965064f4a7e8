"""The same work with other tools, as scripts that a person would write with them.

Each takes a table with the columns path, label and group, tests on each group in turn, and prints the mean accuracy as
JSON. They run in an environment of their own and use nothing of woodshed.
"""
