"""Run the command line as ``python -m angiosome``."""

from angiosome.cli import main

main()
