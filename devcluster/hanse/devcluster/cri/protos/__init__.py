"""The kubelet's messages to container runtimes: `make protos` generates the module here from the proto beside it."""
