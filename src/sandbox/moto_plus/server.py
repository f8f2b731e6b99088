"""The local AWS of `recon sandbox`: moto's server with mends.

Usage: python server.py --token TOKEN --announce FILE [--port PORT] [--die-with-stdin]

The server binds loopback only (a free port unless one is given). Once it listens it writes FILE, a
JSON object with `pid`, `port` and `token`, in one step: whoever started it waits for that file.
`GET /recon-sandbox` answers the same object, so that a recorded process can be recognised before
it is stopped. With --die-with-stdin the process ends when its standard input is closed, which the
operating system does for a parent that died, however it died.

Credentials choose the account: an access key of twelve digits is that account; any other key is
moto's own 123456789012. Accounts share nothing, so whoever needs an empty AWS takes a fresh number.

The modules `mends_…` mend what moto does otherwise than AWS, and each mend names the difference. They
live here so that the code that talks to AWS is written for AWS alone.
"""

import argparse
import functools
import json
import logging
import os
import signal
import sys
import threading

import accounts  # noqa: F401
import mends_dynamodb  # noqa: F401
import mends_buckets  # noqa: F401
import mends_alarms  # noqa: F401
import mends_ec2  # noqa: F401
import mends_elb  # noqa: F401
import mends_elb_balancers  # noqa: F401
import mends_elb_listeners  # noqa: F401
import mends_groups  # noqa: F401
import mends_iam  # noqa: F401
import mends_instances  # noqa: F401
import mends_kinesis  # noqa: F401
import mends_lifecycle  # noqa: F401
import mends_network  # noqa: F401
import mends_logs  # noqa: F401
import mends_scalable  # noqa: F401
import mends_scaling  # noqa: F401
import mends_targets  # noqa: F401
import mends_templates  # noqa: F401
from cbor import Cbor
from moto.core import responses
from moto.moto_server.werkzeug_app import (
    DomainDispatcherApplication,
    MotoRequestHandler,
    create_backend_app,
)
from werkzeug.serving import make_server

# --- speed -----------------------------------------------------------------------------------------
# moto works these two out anew for every request, though the answers never change.

responses.method_names_from_class = functools.lru_cache(maxsize=None)(responses.method_names_from_class)


class Application(DomainDispatcherApplication):
    """moto's application, with the one path of our own."""

    def __init__(self, identity):
        super().__init__(create_backend_app)
        self.debug = True
        self.identity = json.dumps(identity).encode()
        self.get_backend_for_host = functools.lru_cache(maxsize=None)(super().get_backend_for_host)

    def __call__(self, environ, start_response):
        if environ.get("PATH_INFO") == "/recon-sandbox":
            length = str(len(self.identity))
            start_response("200 OK", [("Content-Type", "application/json"), ("Content-Length", length)])
            return [self.identity]
        return super().__call__(environ, start_response)


# --- serving ---------------------------------------------------------------------------------------


def die_with_stdin():
    while os.read(0, 4096):
        pass
    os._exit(0)


def announce(path, identity):
    temporary = f"{path}.{os.getpid()}"
    with open(temporary, "w", encoding="utf-8") as file:
        json.dump(identity, file)
    os.replace(temporary, path)


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--token", required=True)
    parser.add_argument("--announce", required=True)
    parser.add_argument("--port", type=int, default=0)
    parser.add_argument("--die-with-stdin", action="store_true")
    arguments = parser.parse_args()

    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, lambda *_: os._exit(0))
    if arguments.die_with_stdin:
        threading.Thread(target=die_with_stdin, daemon=True).start()
    else:
        # Outlive the terminal that it was started from.
        signal.signal(signal.SIGHUP, signal.SIG_IGN)

    logging.getLogger("werkzeug").setLevel(logging.ERROR)
    identity = {"pid": os.getpid(), "port": 0, "token": arguments.token}
    server = make_server(
        "127.0.0.1",
        arguments.port,
        lambda environ, start_response: application(environ, start_response),
        threaded=True,
        request_handler=MotoRequestHandler,
    )
    identity["port"] = server.server_port
    # Where moto refers to itself it does so by this port.
    os.environ["MOTO_PORT"] = str(server.server_port)
    application = Cbor(Application(identity))
    announce(arguments.announce, identity)
    server.serve_forever()


if __name__ == "__main__":
    sys.exit(main())
