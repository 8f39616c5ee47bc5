"""Offline training and measurement: data, recipe, loop, evaluation."""
