"""The part of the stand-in that makes samplers."""


def make_sampler(temp=0.0, top_p=0.0, min_p=0.0, min_tokens_to_keep=1):
    return ("sampler", temp, top_p)


def make_logits_processors(logit_bias=None, repetition_penalty=None, repetition_context_size=20):
    return [] if repetition_penalty is None else [("repetition", repetition_penalty)]
