"""Readers of traces: each turns one published format, or a file of one's own, into a `workload.Workload`."""
