"""Runs of the client against other people's servers, each installed from its registry into an environment of its own."""
