"""FER-2013 from Kaggle, for people who are online."""

from pathlib import Path

from emotion.dataset.face_dataset import DatasetError

KAGGLE_NAME = "msambare/fer2013"


def download_fer2013() -> Path:
    """Download FER-2013 with the optional library kagglehub and return the folder it lies in.

    What was downloaded before is not downloaded again.

    Raises:
        DatasetError: kagglehub is not installed, or Kaggle cannot be reached.
    """
    try:
        import kagglehub
    except ImportError as error:
        raise DatasetError(
            "Downloading FER-2013 needs one more library; install it with: "
            "pip install -r requirements-optional.txt"
        ) from error
    try:
        return Path(kagglehub.dataset_download(KAGGLE_NAME))
    except Exception as error:
        # Broad on purpose: kagglehub lets the errors of several network libraries through.
        raise DatasetError(
            "FER-2013 could not be downloaded from Kaggle; check the network, or download "
            f"kaggle.com/datasets/{KAGGLE_NAME} in a browser and import the zip."
        ) from error
