"""Every order in which requests for credits, sweepers, cycles and plans can meet, and every fault.

The code is the layer's own. A process is replayed from its beginning with the replies that it got,
up to its next call: so a state is what is stored, what each process was answered, and the time. No
thread is needed to come back to it, and none is looked at twice.
"""
