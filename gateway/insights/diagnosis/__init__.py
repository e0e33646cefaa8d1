"""Diagnoses a call: findings with evidence, and the likely place of the fault."""
