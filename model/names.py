"""Names of the face detectors, for command lines that must not import OpenCV."""

DETECTORS = ("mtcnn", "haar", "yunet")
