"""From a finished run to one page that opens offline."""
