"""How good a model is on labelled faces: a report of answers, kept once. Knows no page and no training."""
