import sys

import pytest


@pytest.fixture(autouse=True)
def _float32():
    """A recipe in bfloat16 sets the policy of the whole process, in which all that follows would take 14
    times as long on a processor without units for it."""
    yield
    if "keras" in sys.modules:
        sys.modules["keras"].config.set_dtype_policy("float32")
