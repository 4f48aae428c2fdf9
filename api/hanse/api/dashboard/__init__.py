"""The dashboard: pages for members, auditors and coordinators, made on the server, of what the endpoints answer.

In: a browser's session, which stands for the token that opened it. Out: HTML with pictures in SVG. A page asks the very
functions that the endpoints of :mod:`hanse.api.app` ask, as the same user, so that it cannot show what they refuse.
:mod:`~hanse.api.dashboard.entering` is the way in and out, :mod:`~hanse.api.dashboard.pages` has the routes,
:mod:`~hanse.api.dashboard.rendering` makes the answers. Nothing comes from elsewhere: no script, style or font.
"""
