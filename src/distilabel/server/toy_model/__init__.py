"""A toy model: answers requests without a model."""
