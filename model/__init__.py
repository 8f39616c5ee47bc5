"""From pixels to faces: labels, preprocessing, network, detectors and the engine that joins them.

Nothing here imports `webapp` or `train`; both of those import from here.
"""
