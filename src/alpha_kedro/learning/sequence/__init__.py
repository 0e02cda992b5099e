"""Networks that read the sessions before a row: LSTMs, and how they are taught.

1. ``sequences``: the rows of a window with the past of each, scaled in the fold.
2. ``lstm``, ``multi_scale``: the networks, and all there is to set of them.
3. ``losses``, ``descent``: what is minimised, batch by batch, and what stops it.
4. ``fitting``: the whole fit; ``fitted``: what is left of it, scores and files.
5. ``gradients``: why a score is what it is.
"""
