"""Mends of load balancers and target groups: what moto drops of them.

Sources: the Elastic Load Balancing API reference 2015-12-01 (SubnetMapping, LoadBalancerAddress, IpamPools,
ModifyIpPools, SetSecurityGroups, ModifyCapacityReservation, Matcher, ModifyTargetGroup).
"""

import threading

from moto.core.responses import ActionResult
from moto.elbv2 import models
from moto.elbv2.exceptions import ELBClientError, LoadBalancerNotFoundError, TargetGroupNotFoundError
from moto.elbv2.models import AvailabilityZone, ELBv2Backend, FakeLoadBalancer, FakeTargetGroup
from moto.elbv2.responses import ELBV2Response


def load_balancer(backend, arn):
    if arn not in backend.load_balancers:
        raise LoadBalancerNotFoundError()
    return backend.load_balancers[arn]


# --- attributes ------------------------------------------------------------------------------------
# AWS refuses attributes that the kind of object does not have; moto knows one list for all kinds.


def refuse_unknown(what, kind, attributes, changes):
    for key in changes:
        if key not in attributes:
            message = f"{what} attribute key '{key}' is not supported on {what.lower()}s with type '{kind}'"
            raise ELBClientError("InvalidConfigurationRequest", message)


def modify_load_balancer_attributes(self, arn, attrs):
    balancer = load_balancer(self, arn)
    refuse_unknown("Load balancer", balancer.type, balancer.attrs, attrs)
    balancer.attrs.update(attrs)
    return balancer.attrs


moto_modify_target_group_attributes = ELBv2Backend.modify_target_group_attributes


def modify_target_group_attributes(self, target_group_arn, attributes):
    group = self.target_groups.get(target_group_arn)
    if group is None:
        raise TargetGroupNotFoundError()
    refuse_unknown("Target group", group.protocol or group.target_type, group.attributes, attributes)
    moto_modify_target_group_attributes(self, target_group_arn, attributes)


ELBv2Backend.modify_load_balancer_attributes = modify_load_balancer_attributes
ELBv2Backend.modify_target_group_attributes = modify_target_group_attributes


# --- kinds in ARNs ---------------------------------------------------------------------------------
# AWS writes the load balancer's type into its ARN and into those of its listeners; moto writes "app".

KINDS = {"application": "app", "network": "net", "gateway": "gwy"}
being_made = threading.local()
moto_make_arn = models.make_arn_for_load_balancer
moto_create_load_balancer = ELBv2Backend.create_load_balancer
moto_set_subnets = ELBv2Backend.set_subnets


def make_arn(**parts):
    kind = KINDS[getattr(being_made, "kind", None) or "application"]
    return moto_make_arn(**parts).replace(":loadbalancer/app/", f":loadbalancer/{kind}/")


# --- addresses in subnets --------------------------------------------------------------------------


def addresses(mappings):
    names = ("AllocationId", "PrivateIPv4Address", "IPv6Address")
    given = {
        mapping["SubnetId"]: {name: mapping[name] for name in names if mapping.get(name)}
        for mapping in mappings or []
    }
    return {subnet: [address] for subnet, address in given.items() if address}


def create_load_balancer(self, *args, **kwargs):
    being_made.kind = kwargs.get("loadbalancer_type")
    try:
        made = moto_create_load_balancer(self, *args, **kwargs)
    finally:
        being_made.kind = None
    if not hasattr(made, "addresses"):
        made.addresses = addresses(kwargs.get("subnet_mappings"))
        if made.type == "network" and made.security_groups:
            made.enforce_security_group_inbound_rules_on_private_link_traffic = "on"
    return made


def availability_zones(self):
    zones = []
    for subnet in self.subnets:
        zone = AvailabilityZone(subnet)
        zone.load_balancer_addresses = getattr(self, "addresses", {}).get(subnet.id, [])
        zones.append(zone)
    return zones


def set_subnets(self, arn, subnets, subnet_mappings):
    zones = moto_set_subnets(self, arn, subnets, subnet_mappings)
    self.load_balancers[arn].addresses = addresses(subnet_mappings)
    return zones


models.make_arn_for_load_balancer = make_arn
ELBv2Backend.create_load_balancer = create_load_balancer
ELBv2Backend.set_subnets = set_subnets
FakeLoadBalancer.availability_zones = property(availability_zones)


# --- IPAM pools, private link, reserved capacity ---------------------------------------------------
# ModifyIpPools and ModifyCapacityReservation are missing; the rest is dropped.

FakeLoadBalancer.ipam_pools = None
FakeLoadBalancer.capacity = None
FakeLoadBalancer.enforce_security_group_inbound_rules_on_private_link_traffic = None

moto_create_load_balancer_response = ELBV2Response.create_load_balancer
moto_set_security_groups_response = ELBV2Response.set_security_groups


def create_load_balancer_response(self):
    answer = moto_create_load_balancer_response(self)
    answer.result["LoadBalancers"][0].ipam_pools = self._get_param("IpamPools")
    return answer


def modify_ip_pools(self):
    balancer = load_balancer(self.elbv2_backend, self._get_param("LoadBalancerArn"))
    balancer.ipam_pools = None if self._get_param("RemoveIpamPools") else self._get_param("IpamPools")
    return ActionResult({"IpamPools": balancer.ipam_pools or {}})


def set_security_groups_response(self):
    answer = moto_set_security_groups_response(self)
    enforce = self._get_param("EnforceSecurityGroupInboundRulesOnPrivateLinkTraffic")
    if enforce:
        balancer = load_balancer(self.elbv2_backend, self._get_param("LoadBalancerArn"))
        balancer.enforce_security_group_inbound_rules_on_private_link_traffic = enforce
    return answer


def capacity_of(balancer):
    result = {"CapacityReservationState": []}
    if balancer.capacity:
        result["CapacityReservationState"] = [
            {"AvailabilityZone": zone.zone_name, "State": {"Code": "provisioned"}}
            for zone in balancer.availability_zones
        ]
        result["MinimumLoadBalancerCapacity"] = {"CapacityUnits": balancer.capacity}
    return ActionResult(result)


def describe_capacity_reservation(self):
    return capacity_of(load_balancer(self.elbv2_backend, self._get_param("LoadBalancerArn")))


def modify_capacity_reservation(self):
    balancer = load_balancer(self.elbv2_backend, self._get_param("LoadBalancerArn"))
    wanted = self._get_param("MinimumLoadBalancerCapacity") or {}
    balancer.capacity = wanted.get("CapacityUnits")
    return capacity_of(balancer)


ELBV2Response.create_load_balancer = create_load_balancer_response
ELBV2Response.modify_ip_pools = modify_ip_pools
ELBV2Response.set_security_groups = set_security_groups_response
ELBV2Response.describe_capacity_reservation = describe_capacity_reservation
ELBV2Response.modify_capacity_reservation = modify_capacity_reservation


# --- health checks ---------------------------------------------------------------------------------
# gRPC has codes of its own; codes and path come and go with the check's protocol.

moto_target_group_init = FakeTargetGroup.__init__
moto_modify_target_group = ELBV2Response.modify_target_group


def target_group_init(self, *args, **kwargs):
    moto_target_group_init(self, *args, **kwargs)
    if self.protocol_version == "GRPC":
        codes = (kwargs.get("matcher") or {}).get("GrpcCode")
        self.matcher = {"GrpcCode": codes or "12"}
        if not codes and self.health_check_path == "/":
            self.health_check_path = "/AWS.ALB/healthcheck"


def modify_target_group(self):
    group = self.elbv2_backend.target_groups.get(self._get_param("TargetGroupArn"))
    if group is None:
        raise TargetGroupNotFoundError()
    if not hasattr(group, "matcher"):
        group.matcher = {}
    matcher = self._get_param("Matcher")
    answer = moto_modify_target_group(self)
    if group.health_check_protocol == "TCP":
        group.matcher = None
        group.health_check_path = None
    elif matcher:
        group.matcher = dict(matcher)
    elif not group.matcher:
        group.matcher = {"HttpCode": "200-399"}
        group.health_check_path = group.health_check_path or "/"
    return answer


FakeTargetGroup.__init__ = target_group_init
ELBV2Response.modify_target_group = modify_target_group
