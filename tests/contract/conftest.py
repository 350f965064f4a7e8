"""Settings of the contract tests."""

collect_ignore = ["toys"]
"""Modules that only work once a test has added them to a package."""
