"""Mends of EC2: VPCs, subnets, route tables, NAT gateways and addresses.

Sources: the Amazon EC2 API reference 2016-11-15 (DeleteVpc, ModifySubnetAttribute, ReplaceRoute, CreateRoute,
CreateNatGateway, AssociateNatGatewayAddress, AssignPrivateNatGatewayAddress, Address).
"""

import mends_ec2  # noqa: F401
from moto.core.responses import ActionResult, EmptyResult
from moto.ec2.exceptions import EC2ClientError
from moto.ec2.models.elastic_ip_addresses import ElasticAddress
from moto.ec2.models.nat_gateways import NatGatewayBackend
from moto.ec2.models.route_tables import RouteBackend
from moto.ec2.models.subnets import Subnet
from moto.ec2.models.vpcs import VPCBackend
from moto.ec2.responses.nat_gateways import NatGateways
from moto.ec2.responses.route_tables import RouteTables
from moto.ec2.responses.subnets import Subnets

# --- VPCs ------------------------------------------------------------------------------------------
# A VPC takes its default group, which nobody else may delete, with it.

moto_delete_vpc = VPCBackend.delete_vpc


def delete_vpc(self, vpc_id):
    group = self.get_security_group_by_name_or_id("default", vpc_id=vpc_id)
    if group:
        group.is_default = False
    try:
        return moto_delete_vpc(self, vpc_id)
    except Exception:
        if group:
            group.is_default = True
        raise


VPCBackend.delete_vpc = delete_vpc

# --- subnets ---------------------------------------------------------------------------------------
# moto knows three of the attributes only, and nests the state of IPv6 ranges once too often.

SUBNET_ATTRIBUTES = {
    "AssignIpv6AddressOnCreation": "assign_ipv6_address_on_creation",
    "EnableDns64": "enable_dns64",
    "MapCustomerOwnedIpOnLaunch": "map_customer_owned_ip_on_launch",
    "MapPublicIpOnLaunch": "map_public_ip_on_launch",
}
NAME_OPTIONS = {
    "EnableResourceNameDnsARecordOnLaunch": "EnableResourceNameDnsARecord",
    "EnableResourceNameDnsAAAARecordOnLaunch": "EnableResourceNameDnsAAAARecord",
}

for attribute in ("enable_dns64", "map_customer_owned_ip_on_launch"):
    setattr(Subnet, attribute, False)
for attribute in ("customer_owned_ipv4_pool", "enable_lni_at_device_index"):
    setattr(Subnet, attribute, None)


def modify_subnet_attribute(self):
    subnet = self.ec2_backend.get_subnet(self._get_param("SubnetId"))
    for parameter, attribute in SUBNET_ATTRIBUTES.items():
        if self._get_param(f"{parameter}.Value") is not None:
            setattr(subnet, attribute, self._get_param(f"{parameter}.Value"))
    for parameter, option in NAME_OPTIONS.items():
        if self._get_param(f"{parameter}.Value") is not None:
            subnet.private_dns_name_options_on_launch[option] = self._get_param(f"{parameter}.Value")
    if self._get_param("PrivateDnsHostnameTypeOnLaunch"):
        options = subnet.private_dns_name_options_on_launch
        options["HostnameType"] = self._get_param("PrivateDnsHostnameTypeOnLaunch")
    if self._get_param("CustomerOwnedIpv4Pool"):
        subnet.customer_owned_ipv4_pool = self._get_param("CustomerOwnedIpv4Pool")
    if self._get_param("EnableLniAtDeviceIndex"):
        subnet.enable_lni_at_device_index = self._get_param("EnableLniAtDeviceIndex")
    if self._get_param("DisableLniAtDeviceIndex.Value"):
        subnet.enable_lni_at_device_index = None
    return EmptyResult()


Subnets.modify_subnet_attribute = modify_subnet_attribute


def ipv6_ranges(self):
    return [
        {
            "AssociationId": one["associationId"],
            "Ipv6CidrBlock": one["ipv6CidrBlock"],
            "Ipv6CidrBlockState": one["ipv6CidrBlockState"],
        }
        for one in self.ipv6_cidr_block_associations.values()
        if one["ipv6CidrBlockState"]["State"] == "associated"
    ]


Subnet.ipv6_cidr_block_association_set = property(ipv6_ranges)

moto_subnet_filter = Subnet.get_filter_value


def subnet_filter(self, filter_name, method_name=None):
    if filter_name == "ipv6-cidr-block-association.ipv6-cidr-block":
        return [one["Ipv6CidrBlock"] for one in self.ipv6_cidr_block_association_set]
    if filter_name in ("availability-zone-id", "availabilityZoneId"):
        return self.availability_zone_id
    return moto_subnet_filter(self, filter_name, method_name)


Subnet.get_filter_value = subnet_filter

# --- routes ----------------------------------------------------------------------------------------
# moto leaves some of a replaced route's targets, does not find routes for IPv6, and lets a second route to
# such a destination replace the first. A local route can be given another target, and be made local again; it
# cannot be deleted.

moto_create_route = RouteBackend.create_route


def destination(route):
    return (
        route.destination_cidr_block
        or route.destination_ipv6_cidr_block
        or route.destination_prefix_list_id
    )


def find_route(table, wanted):
    return next((route for route in table._routes.values() if destination(route) == wanted), None)


def create_route(self, route_table_id, destination_cidr_block, *arguments, **options):
    table = self.get_route_table(route_table_id)
    ipv6 = options.get("destination_ipv6_cidr_block") or (arguments[0] if arguments else None)
    prefix_list = arguments[1] if len(arguments) > 1 else options.get("destination_prefix_list_id")
    wanted = destination_cidr_block or ipv6 or prefix_list
    if find_route(table, wanted) is not None:
        message = f"The route identified by {wanted} already exists."
        raise EC2ClientError("RouteAlreadyExists", message)
    return moto_create_route(self, route_table_id, destination_cidr_block, *arguments, **options)


RouteBackend.create_route = create_route


def replace_route(self):
    table = self.ec2_backend.get_route_table(self._get_param("RouteTableId"))
    names = ("DestinationCidrBlock", "DestinationIpv6CidrBlock", "DestinationPrefixListId")
    where = [self._get_param(name) for name in names]
    wanted = next(filter(None, where), None)
    route = find_route(table, wanted)
    if route is None:
        message = f"There is no route defined for '{wanted}' in the route table."
        raise EC2ClientError("InvalidParameterValue", message)
    was_local = route.local or getattr(route, "was_local", False)
    del table._routes[route.id]
    new = moto_create_route(
        self.ec2_backend,
        table.id,
        *where,
        local=bool(self._get_param("LocalTarget")) or self._get_param("GatewayId") == "local",
        gateway_id=self._get_param("GatewayId"),
        instance_id=self._get_param("InstanceId"),
        nat_gateway_id=self._get_param("NatGatewayId"),
        egress_only_igw_id=self._get_param("EgressOnlyInternetGatewayId"),
        transit_gateway_id=self._get_param("TransitGatewayId"),
        interface_id=self._get_param("NetworkInterfaceId"),
        vpc_peering_connection_id=self._get_param("VpcPeeringConnectionId"),
        carrier_gateway_id=self._get_param("CarrierGatewayId"),
        vpc_endpoint_id=self._get_param("VpcEndpointId"),
    )
    new.was_local = was_local
    return EmptyResult()


RouteTables.replace_route = replace_route


def delete_route(self):
    table = self.ec2_backend.get_route_table(self._get_param("RouteTableId"))
    names = ("DestinationCidrBlock", "DestinationIpv6CidrBlock", "DestinationPrefixListId")
    wanted = next(filter(None, (self._get_param(name) for name in names)), None)
    route = find_route(table, wanted)
    if route is None:
        message = f"no route with destination-cidr-block {wanted} in route table {table.id}"
        raise EC2ClientError("InvalidRoute.NotFound", message)
    if route.local or getattr(route, "was_local", False):
        message = f"cannot remove local route {wanted} in route table {table.id}"
        raise EC2ClientError("InvalidParameterValue", message)
    del table._routes[route.id]
    return EmptyResult()


RouteTables.delete_route = delete_route

# --- addresses -------------------------------------------------------------------------------------

ElasticAddress.network_border_group = property(lambda self: self.ec2_backend.region_name)
ElasticAddress.public_ipv4_pool = "amazon"

# --- NAT gateways ----------------------------------------------------------------------------------
# moto knows one address only, chooses it itself, and lets a gateway keep its public address when it goes.

moto_create_nat_gateway = NatGateways.create_nat_gateway


def public_address(backend, gateway, allocation_id, private_ip):
    address = backend.address_by_allocation([allocation_id])[0]
    address.association_id = address.association_id or f"eipassoc-{allocation_id.partition('-')[2]}"
    return {
        **private_address(gateway, private_ip),
        "AllocationId": allocation_id,
        "AssociationId": address.association_id,
        "PublicIp": address.public_ip,
    }


def private_address(gateway, private_ip):
    return {
        "NetworkInterfaceId": gateway._eni.id,
        "PrivateIp": private_ip,
        "IsPrimary": False,
        "Status": "succeeded",
    }


def free_address(backend, gateway):
    subnet = backend.get_subnet(gateway.subnet_id)
    return subnet.get_available_subnet_ip(gateway)


def create_nat_gateway(self):
    gateway = moto_create_nat_gateway(self).result["NatGateway"]
    first = {key[0].upper() + key[1:]: value for key, value in gateway.address_set[0].items()}
    private_ip = self._get_param("PrivateIpAddress") or free_address(self.ec2_backend, gateway)
    first.update({"IsPrimary": True, "Status": "succeeded", "PrivateIp": private_ip})
    gateway.address_set[:] = [first]
    gateway.connectivity_type = gateway.connectivity_type or "public"
    add_nat_addresses(
        self.ec2_backend,
        gateway,
        self._get_param("SecondaryAllocationIds", []),
        self._get_param("SecondaryPrivateIpAddresses", []),
        int(self._get_param("SecondaryPrivateIpAddressCount", 0)),
    )
    return ActionResult({"NatGateway": gateway})


def add_nat_addresses(backend, gateway, allocation_ids, private_ips, count):
    private_ips = list(private_ips)
    while len(private_ips) < max(count, len(allocation_ids)):
        private_ips.append(free_address(backend, gateway))
    for index, private_ip in enumerate(private_ips):
        if allocation_ids:
            address = public_address(backend, gateway, allocation_ids[index], private_ip)
        else:
            address = private_address(gateway, private_ip)
        gateway.address_set.append(address)


def nat_gateway_of(self):
    gateway = self.ec2_backend.nat_gateways.get(self._get_param("NatGatewayId"))
    if gateway is None or gateway.state == "deleted":
        raise EC2ClientError("NatGatewayNotFound", "The Nat Gateway was not found")
    return gateway


def nat_answer(gateway):
    return ActionResult({"NatGatewayId": gateway.id, "NatGatewayAddresses": gateway.address_set})


def associate_nat_gateway_address(self):
    gateway = nat_gateway_of(self)
    allocation_ids = self._get_param("AllocationIds", [])
    private_ips = self._get_param("PrivateIpAddresses", [])
    add_nat_addresses(self.ec2_backend, gateway, allocation_ids, private_ips, 0)
    return nat_answer(gateway)


def disassociate_nat_gateway_address(self):
    gateway = nat_gateway_of(self)
    gone = self._get_param("AssociationIds", [])
    for address in self.ec2_backend.addresses:
        if address.association_id in gone:
            address.association_id = None
    gateway.address_set[:] = [one for one in gateway.address_set if one.get("AssociationId") not in gone]
    return nat_answer(gateway)


def assign_private_nat_gateway_address(self):
    gateway = nat_gateway_of(self)
    count = int(self._get_param("PrivateIpAddressCount", 0))
    add_nat_addresses(self.ec2_backend, gateway, [], self._get_param("PrivateIpAddresses", []), count)
    return nat_answer(gateway)


def unassign_private_nat_gateway_address(self):
    gateway = nat_gateway_of(self)
    gone = self._get_param("PrivateIpAddresses", [])
    gateway.address_set[:] = [one for one in gateway.address_set if one["PrivateIp"] not in gone]
    return nat_answer(gateway)


for action in (
    create_nat_gateway,
    associate_nat_gateway_address,
    disassociate_nat_gateway_address,
    assign_private_nat_gateway_address,
    unassign_private_nat_gateway_address,
):
    setattr(NatGateways, action.__name__, action)

moto_delete_nat_gateway = NatGatewayBackend.delete_nat_gateway


def delete_nat_gateway(self, nat_gateway_id):
    gateway = self.nat_gateways.get(nat_gateway_id)
    if gateway is None:
        raise EC2ClientError("NatGatewayNotFound", f"NatGateway {nat_gateway_id} was not found")
    for one in gateway.address_set:
        for address in self.addresses:
            if one.get("AllocationId") and address.allocation_id == one["AllocationId"]:
                address.association_id, address.eni = None, None
    self.enis.pop(gateway._eni.id, None)
    return moto_delete_nat_gateway(self, nat_gateway_id)


NatGatewayBackend.delete_nat_gateway = delete_nat_gateway
