"""The parts of which every task is made."""
