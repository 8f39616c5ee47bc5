"""Measurements of speed. Each file asks one question; none of this is asserted in tests."""
