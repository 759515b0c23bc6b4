"""Charts for pages: static SVG drawn by Vega, coloured by the page's palette, with title, description and the same numbers as a table."""
