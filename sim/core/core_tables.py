#!/usr/bin/env python3
"""Prints core/tables.c: the constant tables of core/real.c and core/distribution.c.

    python3 sim/core/core_tables.py > sim/core/tables.c

Needs mpmath, and only when a table changes; tests/unit/test_core_tables.c computes every entry again.
"""
from mpmath import mp, mpf, exp, log, sqrt, erfc, pi, floor, nint, quad, inf, findroot, cos

mp.dps = 60


def hexed(x):
    return float(x).hex()


def rows(name, kind, items, per_line=1):
    print(f"\nconst {kind} = {{")
    for i in range(0, len(items), per_line):
        print("    " + " ".join(item + "," for item in items[i:i + per_line]))
    print("};")


def log_cells():
    """Cell i holds the z in [0.6875, 1.375) whose bits minus those of 0.6875 have i as their upper 7."""
    cells = []
    for i in range(128):
        cell_from = cell_start(i)
        cell_to = cell_start(i + 1) if i < 127 else mpf("1.375")
        inverse = nint(2**9 * 2 / (cell_from + cell_to)) / 2**9
        if cell_from == 1 or cell_to == 1:
            inverse = mpf(1)  # the argument's distance from 1 is then exact
        value = -log(inverse)
        high = nint(value * 2**42) / 2**42
        cells.append("{ %s, %s, %s }" % (hexed(inverse), hexed(high), hexed(value - high)))
    return cells


def cell_start(i):
    bits = 0x3FE6000000000000 + (i << 45)
    exponent, fraction = bits >> 52, bits & (2**52 - 1)
    return mpf(2) ** (exponent - 1023) * (1 + mpf(fraction) / 2**52)


def exp_cells():
    cells = []
    for i in range(128):
        value = mpf(2) ** (mpf(i) / 128)
        high = mpf(float(value))
        cells.append("{ %s, %s }" % (hexed(high), hexed((value - high) / high)))
    return cells


def edges(density, inverse, area_beyond, guess):
    """x_255 .. x_1 and the area of a layer, such that the 256th layer ends at the top of the curve."""
    def climb(start):
        area = start * density(start) + area_beyond(start)
        xs = [start]
        for _ in range(254):
            xs.append(inverse(area / xs[-1] + density(xs[-1])))
        return area, xs

    def overshoot(start):
        area, xs = climb(start)
        return area / xs[-1] + density(xs[-1]) - 1
    start = findroot(overshoot, (guess, guess * (1 + mpf(10) ** -9)), tol=1e-40)
    return start, *climb(start)


def layers(density, start, area, xs, places):
    widths = [area / density(start)] + xs[::-1]      # layer 0, 1 .. 255
    inner = [start, mpf(0)] + widths[1:255]          # where the layer above ends
    fast = ["{ UINT64_C(%d), %s }" % (int(floor(a / w * places)), hexed(w / places)) for a, w in zip(inner, widths)]
    tops = [hexed(density(w)) for w in widths[1:]]
    return fast, ["0x1p+0"] + tops


def mills_coefficients(terms):
    """Chebyshev coefficients of (1 + z) Q(z) / density(z) in t = (z - 4) / (z + 4)."""
    n = 200

    def f(t):
        z = 4 * (1 + t) / (1 - t)
        if z > 10**6:
            return (1 + z) / z * (1 - 1 / z**2 + 3 / z**4 - 15 / z**6)
        return (1 + z) * erfc(z / sqrt(mpf(2))) / 2 * exp(z * z / 2) * sqrt(2 * pi)
    nodes = [cos(pi * (mpf(k) + mpf(1) / 2) / n) for k in range(n)]
    values = [f(t) for t in nodes]
    cs = []
    for j in range(terms):
        c = 2 * sum(v * cos(pi * j * (mpf(k) + mpf(1) / 2) / n) for k, v in enumerate(values)) / n
        cs.append(c / 2 if j == 0 else c)
    return cs


def main():
    print("/* Written by core_tables.py; not edited by hand. */")
    print('#include "core/tables.h"')
    rows("log", "struct fl_log_cell fl_log_cells[FL_LOG_CELLS]", log_cells())
    rows("exp", "struct fl_exp_cell fl_exp_cells[FL_EXP_CELLS]", exp_cells())

    start, area, xs = edges(lambda x: exp(-x), lambda y: -log(y), lambda x: exp(-x), mpf("7.697117470131"))
    fast, tops = layers(lambda x: exp(-x), start, area, xs, mpf(2) ** 56)
    rows("", "struct fl_ziggurat_layer fl_exponential_layers[FL_ZIGGURAT_LAYERS]", fast)
    rows("", "double fl_exponential_densities[FL_ZIGGURAT_LAYERS]", tops, 4)
    print(f"\nconst double fl_exponential_tail = {hexed(start)};")

    bell = lambda x: exp(-x * x / 2)
    start, area, xs = edges(bell, lambda y: sqrt(-2 * log(y)), lambda x: sqrt(pi / 2) * erfc(x / sqrt(mpf(2))),
                            mpf("3.6541528853610"))
    fast, tops = layers(bell, start, area, xs, mpf(2) ** 55)
    rows("", "struct fl_ziggurat_layer fl_normal_layers[FL_ZIGGURAT_LAYERS]", fast)
    rows("", "double fl_normal_densities[FL_ZIGGURAT_LAYERS]", tops, 4)
    print(f"\nconst double fl_normal_tail = {hexed(start)};")

    rows("", "double fl_mills_coefficients[FL_MILLS_TERMS]", [hexed(c) for c in mills_coefficients(32)], 4)


main()
