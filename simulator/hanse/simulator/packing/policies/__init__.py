"""Where a pod goes, among the servers that can take it. Each policy is a module of its own that names its source.

A policy places every pod that fits somewhere: none refuses one in the hope of a better one. It sees what is free, and
the mix of pods, which is what a cluster's history says about what will come; no policy sees what comes.
"""
