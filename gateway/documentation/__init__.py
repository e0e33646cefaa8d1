"""Builds the documentation site: `docs/` and the schema, as HTML pages for the wheel.

`python -m gateway.documentation.build TARGET` writes the site. It needs Sphinx and what the build
hook names beside it; nothing of this is imported while the gateway runs.
"""
