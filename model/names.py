"""Names of the face detectors and engines, for command lines that must not import OpenCV."""

DETECTORS = ("mtcnn", "haar", "yunet")
DEFAULT_DETECTOR = DETECTORS[0]

# What computes the network; `auto` stands for the fastest on this machine.
TORCH_FLOAT32, TORCH_BFLOAT16, ONNX_INT8 = "torch-float32", "torch-bfloat16", "onnx-int8"
ENGINES = (TORCH_FLOAT32, TORCH_BFLOAT16, ONNX_INT8)
AUTO = "auto"
ENGINE_CHOICES = (AUTO, *ENGINES)

# In a stream, the whole frame is searched for faces once in so many milliseconds.
FULL_DETECTION_MS = 400
