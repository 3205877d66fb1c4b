"""Days of mail campaigns in seconds, as calls are simulated: the real functions, on a clock and
tables of the simulation's own, and a host that refuses, falls silent and loses what it was told.
"""
