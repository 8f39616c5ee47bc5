"""File names for OpenCV."""

from pathlib import Path


def for_opencv(path: Path) -> str:
    """The name by which OpenCV opens a file.

    Raises:
        ValueError: the path is not UTF-8; OpenCV would end the process.
    """
    # An absolute path is never taken for a protocol or a numbered series of pictures.
    name = str(path.absolute())
    try:
        name.encode()
    except UnicodeEncodeError:
        raise ValueError(
            f"the path {name!r} is not UTF-8: rename the file, or the folder that it is in"
        ) from None
    return name
