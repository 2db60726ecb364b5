"""Durable work: one file per kind of job, its steps, and the engine that carries them."""
