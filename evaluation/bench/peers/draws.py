"""draws.py: the numbers that graft-bench draws: SplitMix64, made normal by Box and Muller."""


def normal(seed, first, count):
    """The normal numbers `first`, `first` + 1, ... of a generator, Float64."""
    import numpy
    with numpy.errstate(over="ignore"):
        places = numpy.arange(2 * first + 1, 2 * (first + count) + 1, dtype=numpy.uint64)
        z = numpy.uint64(seed) + places * numpy.uint64(0x9E3779B97F4A7C15)
        z = (z ^ (z >> numpy.uint64(30))) * numpy.uint64(0xBF58476D1CE4E5B9)
        z = (z ^ (z >> numpy.uint64(27))) * numpy.uint64(0x94D049BB133111EB)
        z ^= z >> numpy.uint64(31)
    u = (z >> numpy.uint64(11)).astype(numpy.float64) * 2.0 ** -53
    return numpy.sqrt(-2 * numpy.log(1 - u[::2])) * numpy.cos(2 * numpy.pi * u[1::2])
