"""The engines: forecast, simulate, optimise, learn. None imports another."""
