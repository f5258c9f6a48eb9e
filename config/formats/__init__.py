"""How dates are printed where nothing else says so: in the administration."""
