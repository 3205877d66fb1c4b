"""What a reader of codes sees of a drawing, by another library than the one that draws."""

import re
import struct
import zlib
from xml.etree import ElementTree

import zxingcpp

Pixels = list[bytes]
_MOVES = re.compile(r"([Mmh])(-?[\d.]+)(?: ?(-?[\d.]+))?")
# Pixels of a module: readers want some.
_MAGNIFIED = 4
_INK, _PAPER = 0, 255
# A line of PNG that says by how much it is more than the one above.
_UP = 2


def read(pixels: Pixels) -> tuple[str, str]:
    """The text of the only code that is there, and its level of correction."""
    plain = memoryview(b"".join(pixels)).cast("B", (len(pixels), len(pixels[0])))
    # Now and then a row of modules reads as a bar code besides, or a corner as a Micro QR code.
    [found] = zxingcpp.read_barcodes(plain, formats=zxingcpp.BarcodeFormat.QRCodeModel2)
    return found.text, found.ec_level


def of_png(content: bytes) -> Pixels:
    """Of one bit for each pixel; what is darker is ink."""
    chunks = dict(_chunks(content))
    width, height, depth, kind = struct.unpack(">IIBB", chunks[b"IHDR"][:10])
    assert depth == 1
    data, row = zlib.decompress(chunks[b"IDAT"]), 1 + (width + 7) // 8
    lines = [bytes(row - 1)]
    for at in range(0, row * height, row):
        how, line = data[at], data[at + 1 : at + row]
        lines.append(_added(lines[-1], line) if how == _UP else line)
        assert how in (0, _UP)
    # Of grey 1 is white; of a palette, the brighter one, or the first that nobody sees.
    is_ink = b"tRNS" in chunks or (kind != 0 and not _is_second_brighter(chunks[b"PLTE"]))
    ones = _INK if is_ink else _PAPER
    bits = ["".join(f"{byte:08b}" for byte in line)[:width] for line in lines[1:]]
    return [bytes(ones if bit == "1" else _PAPER - ones for bit in line) for line in bits]


def of_svg(content: bytes) -> Pixels:
    """Of a path of horizontal lines, a module high each."""
    root = ElementTree.fromstring(content)  # noqa: S314 -- drawn by us
    ink = next(one for one in root.iter() if one.tag.endswith("path") and one.get("stroke"))
    scale = float(re.sub(r"[^\d.]", "", ink.get("transform", "1")) or 1)
    size = round(float(root.attrib["width"]) / scale)
    modules = [bytearray([_PAPER]) * size for _ in range(size)]
    x = y = 0.0
    for move, first, second in _MOVES.findall(ink.attrib["d"]):
        if move == "M":
            x, y = float(first), float(second)
        elif move == "m":
            x, y = x + float(first), y + float(second)
        else:
            end = x + float(first)
            modules[int(y)][int(x) : int(end)] = bytes([_INK]) * int(float(first))
            x = end
    wide = [bytes(one for one in row for _ in range(_MAGNIFIED)) for row in modules]
    return [row for row in wide for _ in range(_MAGNIFIED)]


def _chunks(content: bytes) -> list[tuple[bytes, bytes]]:
    assert content[:8] == b"\x89PNG\r\n\x1a\n"
    found, at = [], 8
    while at < len(content):
        size = struct.unpack(">I", content[at : at + 4])[0]
        found.append((content[at + 4 : at + 8], content[at + 8 : at + 8 + size]))
        at += 12 + size
    return found


def _added(above: bytes, line: bytes) -> bytes:
    return bytes((one + more) % 256 for one, more in zip(above, line, strict=True))


def _is_second_brighter(palette: bytes) -> bool:
    return sum(palette[3:6]) > sum(palette[0:3])
