"""The verbs of woodshed as functions: typed arguments in, typed results out, and nothing is printed.

The command line calls them and formats their results. What takes long reports to a
`woodshed.workflows.progress.Progress`.
"""
