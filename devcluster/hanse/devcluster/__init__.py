"""A real Kubernetes control plane, nodes and Postgres on one machine."""
