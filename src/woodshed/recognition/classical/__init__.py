"""Classical estimators on summary features."""
