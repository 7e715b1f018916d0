"""How good a model is on labelled faces: one report, kept once. Knows no page and no training."""
