"""Accounts that credentials choose, and a default network that is the same everywhere."""

import hashlib
import re
import threading

from moto.core.responses import BaseResponse
from moto.ec2.models import EC2Backend, subnets, vpcs

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
