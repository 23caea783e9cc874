"""Scripts that write the plan's tables from the source tables beside them.

Run them with ``python -m bettercare.examples.llr.derive``.
"""
