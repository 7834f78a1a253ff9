"""OpenAI's API shape: the dialect, its variants, and the parts of its wire format."""
