"""The kubelet's messages: `make protos` generates the modules here from the protos beside them.

They are protos of our own, with the package, names, numbers and types of the kubelet's, which are the wire format. The
services are not among them: their few methods are named where they are called, so that nothing generated has to be
typed by hand.
"""
