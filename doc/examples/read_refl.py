"""Reflections of a .refl file: MessagePack whose columns are raw little-endian numbers (FORMATS 2). Needs numpy, not DIALS.

    python3 read_refl.py results/idx-0000_integrated.refl
"""
import struct
import sys

import numpy


def unpack(b, i=0):
    """One MessagePack value at b[i:], and where the next one begins. (The package msgpack does the same.)"""
    t, sizes = b[i], {0: ">B", 1: ">H", 2: ">I"}
    if t < 0x80:
        return t, i + 1
    if t < 0x90 or t in (0xDE, 0xDF):  # map
        n, i = (t & 15, i + 1) if t < 0x90 else number(b, i + 1, sizes[t - 0xDD])
        out = {}
        for _ in range(n):
            key, i = unpack(b, i)
            out[key], i = unpack(b, i)
        return out, i
    if t < 0xA0 or t in (0xDC, 0xDD):  # array
        n, i = (t & 15, i + 1) if t < 0xA0 else number(b, i + 1, sizes[t - 0xDB])
        out = []
        for _ in range(n):
            value, i = unpack(b, i)
            out.append(value)
        return out, i
    if t < 0xC0 or t in (0xD9, 0xDA, 0xDB):  # text
        n, i = (t & 31, i + 1) if t < 0xC0 else number(b, i + 1, sizes[t - 0xD9])
        return b[i:i + n].decode(), i + n
    if t in (0xC4, 0xC5, 0xC6):  # bytes
        n, i = number(b, i + 1, sizes[t - 0xC4])
        return b[i:i + n], i + n
    if t in (0xCC, 0xCD, 0xCE, 0xCF, 0xD0, 0xD1, 0xD2, 0xD3):
        return number(b, i + 1, ">" + "BHIQbhiq"[t - 0xCC])
    if t >= 0xE0:
        return t - 256, i + 1
    raise ValueError(f"byte {t:#x} at {i}")


def number(b, i, form):
    return struct.unpack_from(form, b, i)[0], i + struct.calcsize(form)


with open(sys.argv[1], "rb") as f:
    (_, _, table), _ = unpack(f.read())

TYPES = {"double": "<f8", "int": "<i4", "std::size_t": "<u8", "vec3<double>": "<f8", "cctbx::miller::index<>": "<i4"}


def column(name):
    kind, (rows, data) = table["data"][name]
    values = numpy.frombuffer(data, TYPES[kind])
    return values if len(values) == rows else values.reshape(rows, -1)


intensity, variance = column("intensity.sum.value"), column("intensity.sum.variance")
strong = numpy.count_nonzero(intensity > 3 * numpy.sqrt(variance))
print(f"{table['nrows']} reflections of {len(table['identifiers'])} lattices, {strong} above 3 sigma")
print("index of the first:", *column("miller_index")[0])
