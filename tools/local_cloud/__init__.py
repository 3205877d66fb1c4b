"""The local cloud: MiniStack, a deployment of template.yaml into it, a carrier, the front door.

Nothing is imported here: whoever wants a name server need not load a web server and a mail host.
"""
