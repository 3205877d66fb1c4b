"""Every fault at every AWS call of every function: nothing is lost, doubled or half-written.

`injection.py` has the faults and `seams.py` the two places where they strike; `proxy.py` makes the
network-shaped ones for real. `world.py` is what a run acts on, `matrix.py` what it must come to.
"""
