"""What can go wrong in a training run; imports no Keras, so that anyone can catch it."""


class TrainingError(RuntimeError):
    """A training run failed; the message is one sentence for a person."""
