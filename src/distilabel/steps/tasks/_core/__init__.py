"""Internals of all tasks."""
