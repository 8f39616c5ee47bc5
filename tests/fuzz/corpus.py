"""Cases: pictures, packets and requests that are broken in every way we could think of."""

import json
import random
import struct

import cv2
import numpy as np

# One of them for each case of a frame; weights in `pictures`.
_HOSTILE_IDS = (
    *(-1, 0, 2**53, 2**53 + 1, 10**400, 1.5, 1e308, True, None, "", "x" * 64, "x" * 65),
    *("\0", "\u202e\U0001f600", "\ud83d", "' OR 1=1", "../../etc", [1], {"a": 1}, [[[[]]]]),
)
_EVENT_NAMES = (
    *("frame", "result", "hello", "consent", "connect", "disconnect", "*", "", "\0", "é" * 200),
    *("__class__", "message", "error", "ping", "share", "share", "viewers", "ended"),
)


def seeds() -> list[bytes]:
    """Small good pictures of each kind, and some that only look good."""
    rng = np.random.default_rng(0)
    frame = cv2.resize(rng.integers(0, 255, (6, 8, 3), np.uint8), (96, 72))
    good = [cv2.imencode(suffix, frame)[1].tobytes() for suffix in (".jpg", ".png", ".webp")]
    progressive = cv2.imencode(".jpg", frame, [cv2.IMWRITE_JPEG_PROGRESSIVE, 1])[1].tobytes()
    lossless = cv2.imencode(".webp", frame, [cv2.IMWRITE_WEBP_QUALITY, 101])[1].tobytes()
    return [*good, progressive, lossless]


class Cases:
    """Endless cases, the same for the same seed."""

    def __init__(self, seed: int) -> None:
        self.random = random.Random(seed)
        self._seeds = seeds()

    def picture(self) -> bytes:
        """A good picture, or one after some mutations."""
        encoded = self.random.choice(self._seeds)
        for _ in range(self.random.choice((0, 1, 1, 2, 3))):
            mutate = self.random.choice(
                (self._cut, self._flip, self._splice, self._resize, self._grow, self._wrap)
            )
            encoded = mutate(encoded)
        return encoded

    def header(self) -> object:
        """The first argument of a frame event, good or not."""
        pick = self.random.choice
        if self.random.random() < 0.5:
            return {"id": self.random.randrange(10**6), "sent_at": 0}
        header: dict[str, object] = {"id": pick(_HOSTILE_IDS), "sent_at": pick((0, *_HOSTILE_IDS))}
        for field in ("stream", "t", "explain", "on", "version", "x" * 100):
            if self.random.random() < 0.4:
                header[field] = pick(_HOSTILE_IDS)
        return pick((header, header, header, None, 7, "text", [header], []))

    def frame(self) -> list[str | bytes]:
        """The packets of a frame event."""
        name = "frame" if self.random.random() < 0.9 else self.random.choice(_EVENT_NAMES)
        event = [name, self.header(), {"_placeholder": True, "num": 0}]
        return [f"451-{self.random.randrange(1000)}{json.dumps(event)}", self.picture()]

    def packets(self) -> list[str | bytes]:
        """Packets that no client would send."""
        make = self.random.choice(
            (self._garbage, self._event, self._deep, self._long, self._attachments, self._acks)
        )
        return make()

    def request(self) -> bytes:
        """A raw HTTP request, whole, so that it has an answer."""
        pick = self.random.choice
        body = pick((b"", b"{}", self.picture(), self._form(), b"[" * 5000))
        path = pick(
            ("/api/v1/analyze",) * 6
            + (
                "/",
                "/about",
                "/healthz",
                "/readyz",
                "/metrics",
                "/api/v1/openapi.json",
                "/static/..",
            )
            + ("/static/%2e%2e/webapp/app.py", "/%00", "/api/v1/" + "a" * 500, "/socket.io/?EIO=4")
            + ("/socket.io/?EIO=4&transport=polling&sid=none", "/socket.io/?EIO=9&transport=x")
        )
        kind = pick(
            (
                *("image/jpeg", "application/octet-stream", "multipart/form-data; boundary=xyz"),
                *("multipart/form-data", "text/plain", "\xff", "a" * 300, "application/json"),
            )
        )
        length = pick((len(body),) * 12 + (0, -1, "x", 10**30, ""))
        method = pick(("POST",) * 8 + ("GET", "PUT", "DELETE", "HEAD", "OPTIONS", "BREW"))
        extra = pick(("", "", "", "X-Consent-Version: \xff\r\n", "Cookie: " + "a" * 4000 + "\r\n"))
        if self.random.random() < 0.1:
            return self._chunked(method, path, body)
        head = (
            f"{method} {path} HTTP/1.1\r\nHost: localhost\r\nContent-Type: {kind}\r\n"
            f"Content-Length: {length}\r\n{extra}Connection: close\r\n\r\n"
        )
        return head.encode("latin-1") + body

    def _cut(self, encoded: bytes) -> bytes:
        return encoded[: self.random.randrange(len(encoded) + 1)]

    def _flip(self, encoded: bytes) -> bytes:
        flipped = bytearray(encoded or b"\0")
        # Most of a picture is data: headers get half of the flips.
        reach = len(flipped) if self.random.random() < 0.5 else min(len(flipped), 200)
        for _ in range(self.random.choice((1, 4, 30))):
            flipped[self.random.randrange(reach)] ^= 1 << self.random.randrange(8)
        return bytes(flipped)

    def _splice(self, encoded: bytes) -> bytes:
        """A polyglot: the head of one kind and the rest of another."""
        other = self.random.choice(
            (*self._seeds, b"%PDF-1.7\n", b"PK\3\4", b"<svg/>", b"GIF89a", b"\x80\x04.")
        )
        at = self.random.randrange(min(len(encoded), 64) + 1)
        return self.random.choice((encoded[:at] + other, other + encoded, encoded + other))

    def _resize(self, encoded: bytes) -> bytes:
        """Another size in the header of a PNG or WebP, or of a JPEG's frame."""
        size = struct.pack(">H", self.random.choice((0, 1, 3000, 65_535)))
        at = encoded.find(b"\xff\xc0") + 5 if b"\xff\xc0" in encoded else 18
        return encoded[:at] + size + encoded[at + 2 :]

    def _grow(self, encoded: bytes) -> bytes:
        filling = self.random.choice((b"\0", b"\xff", b"\xff\xe5\0\2", b"\xff\xd0"))
        return encoded[:2] + filling * self.random.choice((1, 100, 20_000)) + encoded[2:]

    def _wrap(self, encoded: bytes) -> bytes:
        return self.random.choice((encoded * 2, b"\xef\xbb\xbf" + encoded, encoded.hex().encode()))

    def _form(self) -> bytes:
        part = b'--xyz\r\nContent-Disposition: form-data; name="f"; filename="a"\r\n\r\n'
        form = (part + self.picture() + b"\r\n") * self.random.choice((0, 1, 2)) + b"--xyz--\r\n"
        return self._cut(form) if self.random.random() < 0.3 else form

    def _chunked(self, method: str, path: str, body: bytes) -> bytes:
        """The body in one chunk, its length right or not, its lines ended or not."""
        length = self.random.choice(
            (f"{len(body):x}",) * 6 + ("-5", "g", "", "f" * 30, "1;" + "a" * 9000)
        )
        end = self.random.choice(
            (b"\r\n0\r\n\r\n",) * 4 + (b"", b"\r\n", b"0\r\n" + b"a: b\r\n" * 9000)
        )
        head = (
            f"{method} {path} HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n"
            "Connection: close\r\n\r\n"
        )
        return head.encode("latin-1") + length.encode() + b"\r\n" + body + end

    def websocket_bytes(self) -> bytes:
        """Frames of a WebSocket that no library would send."""
        pick = self.random.choice
        frames = []
        for _ in range(self.random.randrange(1, 20)):
            data = self.random.randbytes(pick((0, 1, 2, 5, 125)))
            first = pick((0x80, 0, 0, 0xC0)) | pick((0, 1, 2, 8, 9, 10, 3, 15))
            masked = pick((0x80, 0x80, 0x80, 0))
            length = pick(
                (bytes([masked | len(data)]),) * 6 + (b"\xff" + b"\xff" * 8, b"\xfe\xff\xff")
            )
            frames.append(bytes([first]) + length + (bytes(4) if masked else b"") + data)
        return b"".join(frames)

    def _garbage(self) -> list[str | bytes]:
        letters = '0123456789-,/[]{}"\\?² \0\u2028\U0001f600ab'
        return ["".join(self.random.choices(letters, k=self.random.randrange(1, 40)))]

    def _event(self) -> list[str | bytes]:
        event = [self.random.choice(_EVENT_NAMES), *[self.header()] * self.random.randrange(3)]
        number = self.random.choice(("", "1", "9" * 99, "9" * 101, "²"))
        return [f"42{number}{json.dumps(event)}"]

    def _deep(self) -> list[str | bytes]:
        depth = self.random.choice((50, 900, 4000, 20_000))
        start = self.random.choice(('42["frame",', "40", "4", "431"))
        opening, closing = self.random.choice((("[", "]"), ('{"a":', "}")))
        return [start + opening * depth + "1" + closing * depth]

    def _long(self) -> list[str | bytes]:
        filling = self.random.choice(("x", "é", "\\u0000", "1"))
        return ['42["frame","' + filling * self.random.choice((100, 12_000, 100_000)) + '"]']

    def _attachments(self) -> list[str | bytes]:
        count = self.random.choice((0, 1, 2, 4, 5, 10**9, 10**20))
        number = self.random.choice((0, 1, -1, 10**9, "x", None, [0]))
        event = ["frame", {"id": 1, "sent_at": 0}, {"_placeholder": True, "num": number}]
        packets: list[str | bytes] = [f"45{count}-1{json.dumps(event)}"]
        return packets + [b"x"] * self.random.randrange(6)

    def _acks(self) -> list[str | bytes]:
        return [
            self.random.choice(("43", "43[]", "431[]", '43999999999["x"]', "43/,1[{}]", "461-1[]")),
            self.random.choice(
                ("41", "40", "40{}", '40{"a":1}', "40/other,", "44", "47", "5", "3")
            ),
        ]
