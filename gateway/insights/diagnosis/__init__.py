"""Why a call went or sounded as it did: findings with evidence, and where the fault likely lies."""
