"""Parsing what platforms send: JSON values, errors, vectors, log probabilities."""
