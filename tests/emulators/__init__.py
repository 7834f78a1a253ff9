"""Fakes of other platforms: costumes over the embedded one, each kept honest by its platform's official SDK."""
