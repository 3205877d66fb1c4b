"""Whole days of the voice domain in seconds: the real functions over tables in memory, a clock that
only the simulation moves, and faults; everything that happens is a function of one seed."""
