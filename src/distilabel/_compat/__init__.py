"""Support for the import paths of distilabel 1.5."""
