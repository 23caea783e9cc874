"""`python -m bettercare.cli`: the same as `bettercare`."""

from bettercare.cli import main

main()
