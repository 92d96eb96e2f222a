"""Sphinx settings: Markdown pages, and an API reference made from the docstrings."""

from importlib.metadata import version as installed_version

import jaxtyping  # noqa: F401  # signatures show shapes if it is imported before the package

project = "depth-unet"
author = "The depth-unet authors"
copyright = author
release = installed_version("depth-unet")
version = release

extensions = [
    "myst_parser",
    "sphinx.ext.autodoc",
    "sphinx.ext.mathjax",
    "sphinx.ext.napoleon",
]

html_theme = "furo"
html_title = f"depth-unet {release}"

myst_enable_extensions = ["dollarmath"]
myst_heading_anchors = 3

napoleon_google_docstring = True
napoleon_numpy_docstring = False
# "Attributes:" sections become fields of the class; autodoc lists the attributes themselves.
napoleon_use_ivar = True

autodoc_default_options = {"members": True, "member-order": "bysource"}
# Types stand in the signature, where jaxtyping writes the shape beside them.
autodoc_typehints = "signature"
autodoc_typehints_format = "short"
