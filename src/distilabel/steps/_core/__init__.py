"""The parts of which every step is made."""
