"""Smithy RPC v2 CBOR, which moto does not speak, on top of JSON, which it does.

The SDK for Rust calls CloudWatch with it, and other services whose models list it first. A request
`POST /service/PREFIX/operation/NAME` becomes one with `X-Amz-Target: PREFIX.NAME` and a JSON body; the
answer is written back by the operation's output shape, which tells numbers, times and bytes apart.

Sources: https://smithy.io/2.0/additional-specs/protocols/smithy-rpc-v2.html and RFC 8949.
"""

import base64
import io
import json
import re
import struct

from moto.core.utils import get_service_model

PATH = re.compile(r"^/service/([^/]+)/operation/([^/]+)$")
SIGNED_SERVICE = re.compile(r"Credential=[^/]+/[^/]+/[^/]+/([^/]+)/")

# botocore's names where they are not the ones in signatures.
SERVICES = {"monitoring": "cloudwatch", "tagging": "resourcegroupstaggingapi"}


class Cbor:
    """A WSGI application in front of another one."""

    def __init__(self, application):
        self.application = application

    def __call__(self, environ, start_response):
        path = PATH.match(environ.get("PATH_INFO", ""))
        if not path:
            return self.application(environ, start_response)
        prefix, operation = path.groups()
        signed = SIGNED_SERVICE.search(environ.get("HTTP_AUTHORIZATION", ""))
        service = SERVICES.get(signed.group(1), signed.group(1)) if signed else prefix
        length = int(environ.get("CONTENT_LENGTH") or 0)
        body = json.dumps(decode(environ["wsgi.input"].read(length)) if length else {}).encode()
        inner = environ | {
            "PATH_INFO": "/",
            "RAW_URI": "/",
            "REQUEST_URI": "/",
            "CONTENT_TYPE": "application/x-amz-json-1.0",
            "CONTENT_LENGTH": str(len(body)),
            "HTTP_X_AMZ_TARGET": f"{prefix}.{operation}",
            "wsgi.input": io.BytesIO(body),
        }
        status, answer = self.ask(inner)
        try:
            content = json.loads(answer or b"{}")
        except ValueError:
            # No answer of the service: something broke, which is to be seen as it is.
            start_response(status, [("Content-Type", "text/html"), ("Content-Length", str(len(answer)))])
            return [answer]
        shape = None
        if status.startswith("200"):
            shape = get_service_model(service).operation_model(operation).output_shape
        body = encode(content, shape)
        headers = [
            ("Content-Type", "application/cbor"),
            ("Content-Length", str(len(body))),
            ("smithy-protocol", "rpc-v2-cbor"),
        ]
        start_response(status, headers)
        return [body]

    def ask(self, environ):
        seen = []

        def start_response(status, headers, exc_info=None):
            seen.append(status)

        answer = self.application(environ, start_response)
        try:
            body = b"".join(answer)
        finally:
            if hasattr(answer, "close"):
                answer.close()
        return seen[-1], body


def encode(value, shape):
    """The JSON value in CBOR. Without a shape its own types decide, as for errors."""
    kind = shape.type_name if shape is not None else None
    if value is None:
        return b"\xf6"
    if isinstance(value, bool):
        return b"\xf5" if value else b"\xf4"
    if kind == "timestamp":
        return b"\xc1" + encode(float(value), None)
    if kind in ("float", "double"):
        return b"\xfb" + struct.pack(">d", float(value))
    if kind == "blob":
        data = base64.b64decode(value)
        return head(2, len(data)) + data
    if isinstance(value, int):
        return head(0, value) if value >= 0 else head(1, -1 - value)
    if isinstance(value, float):
        return b"\xfb" + struct.pack(">d", value)
    if isinstance(value, str):
        data = value.encode()
        return head(3, len(data)) + data
    if isinstance(value, list):
        member = shape.member if kind == "list" else None
        return head(4, len(value)) + b"".join(encode(item, member) for item in value)
    items = [(name, item) for name, item in value.items() if item is not None]
    parts = [head(5, len(items))]
    for name, item in items:
        if kind == "structure":
            member = shape.members.get(name)
        else:
            member = shape.value if kind == "map" else None
        parts += [encode(name, None), encode(item, member)]
    return b"".join(parts)


def head(major, number):
    """A data item's first bytes: three bits of type, then the number in the shortest form."""
    if number < 24:
        return bytes([major << 5 | number])
    for extra, size in enumerate((1, 2, 4, 8)):
        if number < 1 << 8 * size:
            return bytes([major << 5 | 24 + extra]) + number.to_bytes(size, "big")
    raise ValueError(f"{number} does not fit into CBOR")


def decode(data):
    """The CBOR document as JSON would have it: times as numbers of seconds, bytes in base64."""
    return read(io.BytesIO(data))


BREAK = object()


def read(stream):
    first = stream.read(1)[0]
    major, low = first >> 5, first & 31
    if major == 7:
        if low == 31:
            return BREAK
        if low in (25, 26, 27):
            form = {25: ">e", 26: ">f", 27: ">d"}[low]
            return struct.unpack(form, stream.read(struct.calcsize(form)))[0]
        return {20: False, 21: True}.get(low)
    if low < 24:
        number = low
    elif low == 31:
        number = None
    else:
        number = int.from_bytes(stream.read(1 << low - 24), "big")
    if major == 0:
        return number
    if major == 1:
        return -1 - number
    if major in (2, 3):
        if number is None:
            return "".join(items(stream, None))
        data = stream.read(number)
        return base64.b64encode(data).decode() if major == 2 else data.decode()
    if major == 4:
        return list(items(stream, number))
    if major == 5:
        return {key: read(stream) for key in items(stream, number)}
    # A tag; the only one in use says that a number is a time.
    return read(stream)


def items(stream, count):
    """That many items, or, for an unknown number, all up to the break."""
    while count is None or count > 0:
        item = read(stream)
        if item is BREAK:
            return
        yield item
        if count is not None:
            count -= 1
