"""The local AWS of `recon sandbox`: moto's server with mends.

Usage: python moto_plus.py --token TOKEN --announce FILE [--port PORT] [--die-with-stdin]

The server binds loopback only (a free port unless one is given). Once it listens it writes FILE, a
JSON object with `pid`, `port` and `token`, in one step: whoever started it waits for that file.
`GET /recon-sandbox` answers the same object, so that a recorded process can be recognised before
it is stopped. With --die-with-stdin the process ends when its standard input is closed, which the
operating system does for a parent that died, however it died.

Credentials choose the account: an access key of twelve digits is that account; any other key is
moto's own 123456789012. Accounts share nothing, so whoever needs an empty AWS takes a fresh number.

The rest of the file mends what moto does otherwise than AWS. Each mend names the difference. They
live here so that the code that talks to AWS is written for AWS alone.
"""

import argparse
import functools
import hashlib
import json
import logging
import os
import re
import signal
import sys
import threading

from moto.applicationautoscaling.responses import ApplicationAutoScalingResponse
from moto.autoscaling.responses import AutoScalingResponse
from moto.core import responses
from moto.core.responses import ActionResult, BaseResponse, EmptyResult
from moto.ec2.models import EC2Backend, subnets, vpcs
from moto.ec2.models.launch_templates import LaunchTemplate
from moto.kinesis.responses import KinesisResponse
from moto.moto_server.werkzeug_app import (
    DomainDispatcherApplication,
    MotoRequestHandler,
    create_backend_app,
)
from werkzeug.serving import make_server

ACCOUNT_IN_CREDENTIAL = re.compile(r"Credential=(\d{12})/")


# --- accounts --------------------------------------------------------------------------------------

moto_current_account = BaseResponse.get_current_account


def current_account(self):
    named = ACCOUNT_IN_CREDENTIAL.search(self.headers.get("Authorization") or "")
    return named.group(1) if named else moto_current_account(self)


BaseResponse.get_current_account = current_account


# --- the default network ---------------------------------------------------------------------------
# moto draws the ids of the default VPC and subnets at random in each region. Here they are the same
# in every region and after every start, so that one set of variables serves whatever region a stack
# names. Objects made later have random ids as ever.

building_default_network = threading.local()
moto_backend_init = EC2Backend.__init__
moto_random_vpc_id = vpcs.random_vpc_id
moto_random_subnet_id = subnets.random_subnet_id


def fixed_id(prefix, number):
    return f"{prefix}-{hashlib.sha256(f'recon sandbox {prefix} {number}'.encode()).hexdigest()[:17]}"


def backend_init(self, *args, **kwargs):
    building_default_network.subnets = 0
    try:
        moto_backend_init(self, *args, **kwargs)
    finally:
        building_default_network.subnets = None


def vpc_id():
    if getattr(building_default_network, "subnets", None) is None:
        return moto_random_vpc_id()
    return fixed_id("vpc", 0)


def subnet_id():
    number = getattr(building_default_network, "subnets", None)
    if number is None:
        return moto_random_subnet_id()
    building_default_network.subnets = number + 1
    return fixed_id("subnet", number)


EC2Backend.__init__ = backend_init
vpcs.random_vpc_id = vpc_id
subnets.random_subnet_id = subnet_id


# --- Application Auto Scaling ----------------------------------------------------------------------
# ListTagsForResource is missing. A scalable target made without tags has none.

ApplicationAutoScalingResponse.list_tags_for_resource = lambda self: json.dumps({"Tags": {}})


# --- Auto Scaling ----------------------------------------------------------------------------------
# Instance refreshes are missing. Here one succeeds as soon as it starts.

refreshes = {}


def refreshes_of(response):
    group = response._get_param("AutoScalingGroupName")
    return group, refreshes.setdefault((response.current_account, response.region, group), [])


def start_instance_refresh(self):
    group, rows = refreshes_of(self)
    rows.insert(
        0,
        {
            "InstanceRefreshId": f"00000000-0000-4000-8000-{len(rows):012d}",
            "AutoScalingGroupName": group,
            "Status": "Successful",
            "PercentageComplete": 100,
        },
    )
    return ActionResult({"InstanceRefreshId": rows[0]["InstanceRefreshId"]})


def describe_instance_refreshes(self):
    _, rows = refreshes_of(self)
    return ActionResult({"InstanceRefreshes": rows})


def cancel_instance_refresh(self):
    _, rows = refreshes_of(self)
    return ActionResult({"InstanceRefreshId": rows[0]["InstanceRefreshId"]}) if rows else EmptyResult()


AutoScalingResponse.start_instance_refresh = start_instance_refresh
AutoScalingResponse.describe_instance_refreshes = describe_instance_refreshes
AutoScalingResponse.cancel_instance_refresh = cancel_instance_refresh


# --- launch templates ------------------------------------------------------------------------------
# The template's own tags leak into the data of its versions, and tags changed later are not shown by
# DescribeLaunchTemplates.

moto_create_version = LaunchTemplate.create_version


def create_version(self, data, description):
    specifications = data.get("TagSpecifications")
    if specifications:
        kept = [one for one in specifications if one.get("ResourceType") != "launch-template"]
        data = {key: value for key, value in data.items() if key != "TagSpecifications"}
        if kept:
            data["TagSpecifications"] = kept
    return moto_create_version(self, data, description)


LaunchTemplate.create_version = create_version
LaunchTemplate.tags = property(lambda self: self.get_tags(), lambda self, value: None)


# --- Kinesis ---------------------------------------------------------------------------------------
# CreateStream drops its tags.

moto_create_stream = KinesisResponse.create_stream


def create_stream(self):
    answer = moto_create_stream(self)
    tags = self._get_param("Tags")
    if tags:
        self.kinesis_backend.add_tags_to_stream(None, self._get_param("StreamName"), tags)
    return answer


KinesisResponse.create_stream = create_stream


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
    application = Application(identity)
    announce(arguments.announce, identity)
    server.serve_forever()


if __name__ == "__main__":
    sys.exit(main())
