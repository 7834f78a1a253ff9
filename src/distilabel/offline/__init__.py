"""Offline batches: draws replies from the ledger, packs what is missing into jobs and brings the jobs home."""
