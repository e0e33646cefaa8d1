"""Configures Sphinx for the documentation site."""

project = "Call Insights"
html_title = project
language = "en"
smartquotes = False  # what a reader copies stays as it was typed
root_doc = "index"
extensions = ["myst_parser", "sphinx_copybutton", "gateway.documentation.anchors"]
myst_heading_anchors = 4
myst_html_meta = {"robots": "noindex"}
suppress_warnings = ["misc.highlighting_failure"]  # JSX that Pygments reads but in part

html_theme = "furo"
html_theme_options = {"top_of_page_buttons": ""}
html_favicon = "../graphiql/favicon.svg"
html_static_path = ["static"]
html_css_files = ["site.css"]
templates_path = ["templates"]
html_sidebars = {
    "**": [
        "sidebar/brand.html",
        "graphiql.html",
        "sidebar/search.html",
        "sidebar/scroll-start.html",
        "sidebar/navigation.html",
        "sidebar/scroll-end.html",
    ]
}
html_copy_source = False
html_show_copyright = False
html_show_sphinx = False
html_use_index = False
html_scaled_image_link = False
