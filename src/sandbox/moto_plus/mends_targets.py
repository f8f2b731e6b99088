"""Mends of EC2: what routes lead to, what rules of security groups name, and ranges of IPv6 addresses.

Sources: the Amazon EC2 API reference 2016-11-15 (CreateRoute, ReplaceRoute, EnableVgwRoutePropagation,
ModifySecurityGroupRules, AssociateVpcCidrBlock, CreateSubnet).
"""

import mends_network  # noqa: F401
from moto.core.responses import ActionResult, EmptyResult
from moto.ec2.models.route_tables import Route, RouteTable
from moto.ec2.models.security_groups import SecurityGroupBackend
from moto.ec2.models.vpcs import VPC
from moto.ec2.responses import EC2Response
from moto.ec2.responses.route_tables import RouteTables
from moto.ec2.responses.subnets import Subnets
from moto.ec2.responses.vpcs import VPCs

# --- routes ----------------------------------------------------------------------------------------
# moto knows gateways that it has made itself only, and neither core networks nor local gateways. Whatever else a route
# is led to is taken as it is named.

TARGETS = {
    "CarrierGatewayId": "carrier_gateway_id",
    "CoreNetworkArn": "core_network_arn",
    "EgressOnlyInternetGatewayId": "egress_only_internet_gateway_id",
    "LocalGatewayId": "local_gateway_id",
    "TransitGatewayId": "transit_gateway_id",
    "VpcEndpointId": "vpc_endpoint",
    "VpcPeeringConnectionId": "vpc_peering_connection_id",
}


def named(attribute):
    return property(lambda self: self.__dict__.get("named_" + attribute))


for attribute in TARGETS.values():
    if attribute != "vpc_endpoint":
        setattr(Route, attribute, named(attribute))

moto_gateway_id = Route.gateway_id.fget
# A route's endpoint is where its gateway is in the answer.
Route.gateway_id = property(lambda self: self.__dict__.get("named_vpc_endpoint") or moto_gateway_id(self))


def leading(moto_method):
    def method(self):
        asked = {name: self._get_param(name) for name in TARGETS if self._get_param(name)}
        get = self._get_param
        self._get_param = lambda name, *arguments, **options: (
            None if name in TARGETS else get(name, *arguments, **options)
        )
        try:
            answer = moto_method(self)
        finally:
            del self._get_param
        table = self.ec2_backend.get_route_table(self._get_param("RouteTableId"))
        names = ("DestinationCidrBlock", "DestinationIpv6CidrBlock", "DestinationPrefixListId")
        wanted = next(filter(None, (self._get_param(name) for name in names)), None)
        route = mends_network.find_route(table, wanted)
        for name, value in asked.items():
            setattr(route, "named_" + TARGETS[name], value)
        return answer

    return method


RouteTables.create_route = leading(RouteTables.create_route)
RouteTables.replace_route = leading(RouteTables.replace_route)


def propagating(self):
    return [{"GatewayId": gateway} for gateway in self.__dict__.setdefault("named_vgws", [])]


RouteTable.propagating_vgws = property(propagating)


def enable_vgw_route_propagation(self):
    table = self.ec2_backend.get_route_table(self._get_param("RouteTableId"))
    gateway = self._get_param("GatewayId")
    gateways = table.__dict__.setdefault("named_vgws", [])
    if gateway not in gateways:
        gateways.append(gateway)
    return EmptyResult()


def disable_vgw_route_propagation(self):
    table = self.ec2_backend.get_route_table(self._get_param("RouteTableId"))
    gateways = table.__dict__.setdefault("named_vgws", [])
    if self._get_param("GatewayId") in gateways:
        gateways.remove(self._get_param("GatewayId"))
    return EmptyResult()


EC2Response.enable_vgw_route_propagation = enable_vgw_route_propagation
EC2Response.disable_vgw_route_propagation = disable_vgw_route_propagation

# --- rules of security groups ----------------------------------------------------------------------
# moto changes ports, protocol and ranges of IPv4 only, and wants ports of every protocol.

moto_modify_rules = SecurityGroupBackend.modify_security_group_rules


def modify_security_group_rules(self, group_id, rules):
    rest = {}
    for rule_id, new in rules.items():
        if new.get("CidrIpv4"):
            rest[rule_id] = new
            continue
        rule = self.get_security_group_by_name_or_id(group_id).get_rule(rule_id)
        rule.ip_protocol = new.get("IpProtocol")
        ports = (new.get("FromPort"), new.get("ToPort"))
        rule.from_port, rule.to_port = (None if port is None or rule.ip_protocol == "-1" else int(port) for port in ports)
        description = {"Description": new["Description"]} if new.get("Description") is not None else {}
        kept = {"Description": rule.ip_range["Description"]} if "Description" in rule.ip_range else {}
        rule.ip_range = {**kept, **description}
        if new.get("CidrIpv6"):
            rule.ip_range["CidrIpv6"] = new["CidrIpv6"]
        if new.get("PrefixListId"):
            rule.prefix_list_id = new["PrefixListId"]
        if new.get("ReferencedGroupId"):
            rule.source_group = {"GroupId": new["ReferencedGroupId"], "UserId": self.account_id}
    if rest:
        moto_modify_rules(self, group_id, rest)


SecurityGroupBackend.modify_security_group_rules = modify_security_group_rules

# --- ranges of IPv6 addresses ----------------------------------------------------------------------
# moto has no pools of IPAM, and forgets the group of zones that a range is announced from.


def associate_vpc_cidr_block(self):
    vpc_id = self._get_param("VpcId")
    generated = self._get_param("AmazonProvidedIpv6CidrBlock")
    pool = self._get_param("Ipv6IpamPoolId")
    if not generated and not pool:
        return moto_associate(self)
    association = self.ec2_backend.get_vpc(vpc_id).associate_vpc_cidr_block(None, True)
    border = self._get_param("Ipv6CidrBlockNetworkBorderGroup") or self.region
    association["ipv6_cidr_block_network_border_group"] = border
    if pool:
        association["ipv6_pool"] = "IPAM Managed"
        association["cidr_block"] = self._get_param("Ipv6CidrBlock") or association["cidr_block"]
    told = {
        "AssociationId": association["association_id"],
        "Ipv6CidrBlock": association["cidr_block"],
        "Ipv6CidrBlockState": {"State": "associating"},
        "NetworkBorderGroup": border,
        "Ipv6Pool": association["ipv6_pool"],
    }
    return ActionResult({"VpcId": vpc_id, "Ipv6CidrBlockAssociation": told})


moto_associate = VPCs.associate_vpc_cidr_block
VPCs.associate_vpc_cidr_block = associate_vpc_cidr_block

moto_ranges = VPC.ipv6_cidr_block_association_set.fget


def ranges(self):
    return [
        {**one, "NetworkBorderGroup": one.get("ipv6_cidr_block_network_border_group")} for one in moto_ranges(self)
    ]


VPC.ipv6_cidr_block_association_set = property(ranges)

moto_create_vpc = VPCs.create_vpc


def create_vpc(self):
    answer = moto_create_vpc(self)
    pool = self._get_param("Ipv6IpamPoolId")
    if pool:
        vpc = answer.result["Vpc"]
        association = vpc.associate_vpc_cidr_block(None, True)
        association["ipv6_cidr_block_network_border_group"] = self.region
        association["ipv6_pool"] = "IPAM Managed"
        association["cidr_block"] = self._get_param("Ipv6CidrBlock") or association["cidr_block"]
    return answer


VPCs.create_vpc = create_vpc

# --- subnets on an outpost -------------------------------------------------------------------------

moto_create_subnet = Subnets.create_subnet


def create_subnet(self):
    answer = moto_create_subnet(self)
    answer.result["Subnet"].outpost_arn = self._get_param("OutpostArn")
    return answer


Subnets.create_subnet = create_subnet
