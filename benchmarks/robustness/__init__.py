"""Robustness on other systems."""
