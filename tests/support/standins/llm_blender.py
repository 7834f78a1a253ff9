"""A stand-in for llm-blender: its interface, and a ranker that likes long answers."""

calls = []


class Blender:
    def __init__(self):
        self.loaded = None

    def loadranker(self, ranker_path, device=None, **more):
        self.loaded = ranker_path

    def rank(
        self,
        inputs,
        candidates,
        instructions=None,
        return_scores=False,
        batch_size=8,
        disable_tqdm=False,
        **more,
    ):
        assert self.loaded
        assert not return_scores
        assert len({len(texts) for texts in candidates}) == 1, "equally many candidates, says the package"
        calls.append((inputs, instructions))
        orders = [sorted(texts, key=len, reverse=True) for texts in candidates]
        return [
            [order.index(text) + 1 for text in texts] for order, texts in zip(orders, candidates, strict=True)
        ]
