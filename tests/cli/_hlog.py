"""Reads the lines of an HdrHistogram log, by the format's description."""
import base64
import struct
import zlib


def numbers(payload):
    """ZigZag LEB128, nine bytes at most."""
    value = shift = count = 0
    for byte in payload:
        count += 1
        if count == 9:
            value |= byte << shift
        else:
            value |= (byte & 0x7F) << shift
            shift += 7
            if byte & 0x80:
                continue
        yield value >> 1 ^ -(value & 1)
        value = shift = count = 0


def decode(text):
    """Counts by their highest equivalent value, in nanoseconds."""
    packed = base64.b64decode(text)
    cookie, length = struct.unpack(">II", packed[:8])
    assert cookie == 0x1C849314 and length == len(packed) - 8
    plain = zlib.decompress(packed[8:])
    cookie, length, offset, digits, lowest, highest, ratio = struct.unpack(">IIIIQQd", plain[:40])
    assert (cookie, offset, digits, ratio) == (0x1C849313, 0, 2, 1.0) and length == len(plain) - 40
    unit, half = lowest.bit_length() - 1, 128  # 2 digits: 256 sub-buckets, half of them above the first bucket
    index, counts = 0, []
    for number in numbers(plain[40:]):
        if number < 0:
            index -= number
            continue
        if number > 0:
            bucket = max(0, index // half - 1)
            sub = index - bucket * half if bucket > 0 or index >= half else index
            low = sub << bucket + unit
            counts.append((low + (1 << bucket + unit) - 1, number))
        index += 1
    return counts
