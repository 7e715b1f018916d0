"""Text tables from strangers: in what encoding, what separates the columns, and no line without an end."""

import codecs
import csv
import io
from collections.abc import Iterator
from typing import IO

from emotion.dataset.face_dataset import DatasetError

# A grey picture of 1,000 by 1,000 pixels, four characters each; no face of a dataset has more.
MAX_LINE = 4_000_000
_BLOCK_BYTES = 1_000_000
_DELIMITERS = ",;\t|"
# For all readers of this process: the module's own limit, 131,072, is less than a face of 224x224 pixels.
csv.field_size_limit(MAX_LINE)


def encoding_of(start: bytes) -> str:
    """Return the encoding of a text by its first bytes; Excel's "Unicode text" is UTF-16."""
    if start.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
        return "utf-16"
    if len(start) > 3 and not start.startswith(b"\0\0") and b"\0" in start[:2]:
        return "utf-16-be" if start[0] == 0 else "utf-16-le"
    return "utf-8-sig"


def read_lines(file: IO[bytes]) -> Iterator[str]:
    r"""Yield the lines, each with its "\n"; what is no text in the encoding becomes a replacement character.

    Raises:
        DatasetError: a line is longer than `MAX_LINE`; no more than that is ever held.
    """
    block = file.read(_BLOCK_BYTES)
    decode = codecs.getincrementaldecoder(encoding_of(block))(errors="replace")
    decoder = io.IncrementalNewlineDecoder(decode, translate=True)
    rest = ""
    while block:
        *lines, rest = (rest + decoder.decode(block)).split("\n")
        for line in lines:
            yield line + "\n"
        if len(rest) > MAX_LINE:
            raise DatasetError(
                f"A line is longer than {MAX_LINE:,} characters, which no face of a dataset needs."
            )
        block = file.read(_BLOCK_BYTES)
    rest += decoder.decode(b"", final=True)
    if rest:
        yield rest


def read_rows(file: IO[bytes], delimiter: str) -> Iterator[list[str]]:
    """Yield the rows of a table; an empty line is an empty row.

    Raises:
        DatasetError: as `read_lines`, or a quotation mark is not closed.
    """
    try:
        yield from csv.reader(read_lines(file), delimiter=delimiter)
    except csv.Error as error:
        raise DatasetError(f"A quotation mark of the table is not closed ({error}).") from error


def delimiter_of(line: str) -> str:
    """Return what separates the columns of a table: what is most often in one of its lines, a comma first."""
    return max(_DELIMITERS, key=line.count)
