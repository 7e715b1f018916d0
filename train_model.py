"""Train an emotion model: `python train_model.py --dataset PATH` (see `--help`)."""

import sys

from emotion.cli.train import main

if __name__ == "__main__":
    sys.exit(main())
