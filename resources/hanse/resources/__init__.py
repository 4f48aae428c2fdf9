"""The Kubernetes resources of Hanse as typed models."""
