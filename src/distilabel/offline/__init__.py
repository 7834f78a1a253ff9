"""Offline batches: replies come from the ledger; missing ones are packed into batch jobs, submitted and collected."""
