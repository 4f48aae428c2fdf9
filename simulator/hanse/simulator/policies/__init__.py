"""Policies: who is started where, and who is stopped, each in a module of its own that names its source.

They are baselines but for `hanse`, which asks the production planner. A policy sees what `engine.World` shows and no
more: none but the clairvoyant mark knows how long a job will run.
"""
