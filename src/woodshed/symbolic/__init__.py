"""Symbolic music: reading, writing, editing and rendering of `woodshed.score.Score`.

The names and their modules are listed in ``__init__.pyi``; each is imported at its first use.
"""

import lazy_loader

__getattr__, __dir__, __all__ = lazy_loader.attach_stub(__name__, __file__)
