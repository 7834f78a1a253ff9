"""Fakes of other platforms: emulators over the embedded one, each kept honest by its platform's official SDK."""
