"""Unmasking of WebSocket data (RFC 6455, section 5.3) as one exclusive-or of two long integers."""


def apply_mask(
    data: bytes, mask: tuple[int, ...], length: int | None = None, offset: int = 0
) -> bytes:
    """The first `length` bytes of data, each changed by the mask's byte at its place.

    Args:
        data: masked or plain bytes.
        mask: four bytes as integers.
        length: how many bytes of `data` count; all of them by default.
        offset: where in the whole message `data` begins.
    """
    length = len(data) if length is None else length
    turned = bytes(mask[(offset + i) % 4] for i in range(4))
    repeated = (turned * (length // 4 + 1))[:length]
    number = int.from_bytes(data[:length], "little") ^ int.from_bytes(repeated, "little")
    return number.to_bytes(length, "little")
