"""Let an ONNX model take pictures of any size, where its file states one: the bytes, edited.

The file is a message of Protocol Buffers: fields, each a tag, for most a length, and a value that may be
a message itself. Only the few fields that state sizes are touched, so no package for the format is needed.
"""

from collections.abc import Iterator

# Numbers of fields, from onnx.proto: ModelProto.graph; GraphProto.input, output and value_info;
# ValueInfoProto.name and type; TypeProto.tensor_type; its elem_type and shape; TensorShapeProto.dim; its
# dim_value and dim_param.
_GRAPH = 7
_INPUT, _OUTPUT, _VALUE_INFO = 11, 12, 13
_NAME, _TYPE = 1, 2
_TENSOR_TYPE = 1
_ELEMENT_TYPE, _SHAPE = 1, 2
_DIMENSION = 1
_DIMENSION_VALUE, _DIMENSION_NAME = 1, 2
_FLOAT = 1

_NUMBER, _EIGHT_BYTES, _BYTES, _FOUR_BYTES = 0, 1, 2, 5  # how a field's value is written


def free_size(model: bytes) -> bytes:
    """Return a model of one float input (n, 3, height, width) that takes any n, height and width.

    Right for networks whose layers do not depend on the size, such as YuNet's. What the file says of the
    sizes within is left out: the runtime finds them out.

    Raises:
        ValueError: this is no such file.
    """
    parts, graphs = [], 0
    for number, value, raw in _fields(model):
        if number == _GRAPH and isinstance(value, bytes):
            raw = _field(_GRAPH, _free_graph(value))
            graphs += 1
        parts.append(raw)
    if graphs != 1:
        raise ValueError("no ONNX model")
    return b"".join(parts)


def _free_graph(graph: bytes) -> bytes:
    dimensions = (
        _field(_DIMENSION_NAME, b"n"),
        _number_field(_DIMENSION_VALUE, 3),
        _field(_DIMENSION_NAME, b"height"),
        _field(_DIMENSION_NAME, b"width"),
    )
    shape = _field(_SHAPE, b"".join(_field(_DIMENSION, dimension) for dimension in dimensions))
    parts = []
    for number, value, raw in _fields(graph):
        if number == _VALUE_INFO:
            continue
        if number in (_INPUT, _OUTPUT) and isinstance(value, bytes):
            name = next((part for field, _, part in _fields(value) if field == _NAME), b"")
            tensor = _number_field(_ELEMENT_TYPE, _FLOAT) + (shape if number == _INPUT else b"")
            raw = _field(number, name + _field(_TYPE, _field(_TENSOR_TYPE, tensor)))
        parts.append(raw)
    return b"".join(parts)


def _fields(message: bytes) -> Iterator[tuple[int, int | bytes, bytes]]:
    """Yield of each field its number, its value and all its bytes."""
    position = 0
    while position < len(message):
        start = position
        tag, position = _read_number(message, position)
        kind = tag & 7
        value: int | bytes
        if kind == _NUMBER:
            value, position = _read_number(message, position)
        else:
            if kind == _BYTES:
                length, position = _read_number(message, position)
            else:
                length = {_EIGHT_BYTES: 8, _FOUR_BYTES: 4}.get(kind, len(message))
            value, position = message[position : position + length], position + length
        if position > len(message):
            raise ValueError("the message is cut off")
        yield tag >> 3, value, message[start:position]


def _read_number(message: bytes, position: int) -> tuple[int, int]:
    """Return the number at a position, seven bits a byte, the lowest first, and the position after it."""
    number = shift = 0
    for byte in message[position : position + 10]:
        position += 1
        number |= (byte & 127) << shift
        shift += 7
        if byte < 128:
            return number, position
    raise ValueError("the message is cut off")


def _write_number(number: int) -> bytes:
    written = bytearray()
    while number > 127:
        written.append(number & 127 | 128)
        number >>= 7
    return bytes([*written, number])


def _field(number: int, value: bytes) -> bytes:
    return _write_number(number << 3 | _BYTES) + _write_number(len(value)) + value


def _number_field(number: int, value: int) -> bytes:
    return _write_number(number << 3 | _NUMBER) + _write_number(value)
