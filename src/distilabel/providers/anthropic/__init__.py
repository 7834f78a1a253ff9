"""Anthropic's API: Messages and Message Batches."""
