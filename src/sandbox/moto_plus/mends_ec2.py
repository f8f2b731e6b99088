"""Mends of EC2: security groups and key pairs.

Sources: the Amazon EC2 API reference 2016-11-15 (AuthorizeSecurityGroupIngress, DeleteSecurityGroup,
IpRange, SecurityGroupRule, KeyPairInfo).
"""

import base64
import hashlib
import ipaddress

from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
from moto.core.responses import ActionResult
from moto.ec2 import utils
from moto.ec2.exceptions import DependencyViolationError, EC2ClientError, InvalidPermissionNotFoundError
from moto.ec2.models import key_pairs
from moto.ec2.models.security_groups import SecurityGroupBackend, SecurityGroupRule
from moto.ec2.responses import security_groups
from moto.elbv2.models import elbv2_backends

# --- adding rules ----------------------------------------------------------------------------------
# moto answers with the rules of the last permission only, and keeps the first ones when a later one is
# refused. AWS answers with all, and adds all or none.


def authorize(backend_method, rules_attribute):
    def response(self):
        self.error_on_dryrun()
        added, before = [], None
        try:
            for permission in self._process_rules_from_querystring():
                if before is None:
                    group = self.ec2_backend.get_security_group_by_name_or_id(permission["group_name_or_id"])
                    before = (group, list(getattr(group, rules_attribute))) if group else (None, [])
                rules, _ = getattr(self.ec2_backend, backend_method)(**permission)
                added += rules
        except Exception:
            if before and before[0]:
                setattr(before[0], rules_attribute, before[1])
            raise
        return ActionResult({"Return": True, "SecurityGroupRules": added})

    return response


security_groups.SecurityGroups.authorize_security_group_ingress = authorize(
    "authorize_security_group_ingress", "ingress_rules"
)
security_groups.SecurityGroups.authorize_security_group_egress = authorize(
    "authorize_security_group_egress", "egress_rules"
)

# AWS stores address ranges in their canonical form: 100.68.0.18/18 becomes 100.68.0.0/18.

moto_parse_attributes = security_groups.parse_sg_attributes_from_dict


def canonical(cidr):
    try:
        return str(ipaddress.ip_network(cidr, strict=False))
    except ValueError:
        return cidr


def parse_attributes(attributes):
    parsed = moto_parse_attributes(attributes)
    for address_range in parsed[3]:
        for key in ("CidrIp", "CidrIpv6"):
            if address_range.get(key):
                address_range[key] = canonical(address_range[key])
    return parsed


security_groups.parse_sg_attributes_from_dict = parse_attributes

# Rules that name a group or a prefix list lose their description, and all lack owner and ARN.


def description(self):
    return self.ip_range.get("Description") or self.source_group.get("Description")


SecurityGroupRule.description = property(description)
SecurityGroupRule.group_owner_id = property(lambda self: self.ec2_backend.account_id)
SecurityGroupRule.security_group_rule_arn = property(
    lambda self: (
        f"arn:{self.ec2_backend.partition}:ec2:{self.ec2_backend.region_name}:"
        f"{self.ec2_backend.account_id}:security-group-rule/{self.id}"
    )
)


# --- deleting groups -------------------------------------------------------------------------------
# AWS refuses while a load balancer or another group's rule uses the group, and for default groups.

moto_delete_group = SecurityGroupBackend._delete_security_group


def uses_group(group, group_id):
    rules = list(group.ingress_rules) + list(group.egress_rules)
    return any(rule.source_group.get("GroupId") == group_id for rule in rules)


def delete_group(self, vpc_id, group_id):
    doomed = self.get_security_group_from_id(group_id)
    if doomed is not None and doomed.is_default:
        raise EC2ClientError("CannotDelete", "the specified group cannot be deleted by a user")
    groups = [group for of_vpc in self.groups.values() for group in of_vpc.values()]
    in_rules = any(group.id != group_id and uses_group(group, group_id) for group in groups)
    balancers = elbv2_backends[self.account_id][self.region_name].load_balancers.values()
    if in_rules or any(group_id in (balancer.security_groups or []) for balancer in balancers):
        raise DependencyViolationError(f"resource {group_id} has a dependent object")
    return moto_delete_group(self, vpc_id, group_id)


SecurityGroupBackend._delete_security_group = delete_group


# --- key pairs -------------------------------------------------------------------------------------
# The fingerprint of an Ed25519 key is the SHA-256 digest of its OpenSSH form in base64.

moto_fingerprint = utils.public_key_fingerprint


def fingerprint(public_key, hash_constructor):
    if not isinstance(public_key, Ed25519PublicKey):
        return moto_fingerprint(public_key, hash_constructor)
    form = (serialization.Encoding.OpenSSH, serialization.PublicFormat.OpenSSH)
    blob = base64.b64decode(public_key.public_bytes(*form).split()[1])
    return base64.b64encode(hashlib.sha256(blob).digest()).decode()


utils.public_key_fingerprint = fingerprint
key_pairs.public_key_fingerprint = fingerprint

# --- revoking rules --------------------------------------------------------------------------------
# RevokeSecurityGroupEgress passes over IPv6 ranges where the VPC has none itself, and says that it
# revoked them.

moto_revoke_egress = SecurityGroupBackend.revoke_security_group_egress


def revoke_security_group_egress(
    self, group_name_or_id, ip_protocol, from_port, to_port, ip_ranges, *arguments, **options
):
    group = self.get_security_group_by_name_or_id(group_name_or_id, options.get("vpc_id"))
    wanted = {item["CidrIpv6"] for item in ip_ranges or [] if "CidrIpv6" in item}
    revoked = [
        rule
        for rule in (group.egress_rules if group else [])
        if rule.ip_range.get("CidrIpv6") in wanted
        and rule.ip_protocol == ip_protocol
        and (ip_protocol == "-1" or (rule.from_port, rule.to_port) == (from_port, to_port))
    ]
    if group and len(revoked) < len(wanted):
        raise InvalidPermissionNotFoundError()
    others = [item for item in ip_ranges or [] if "CidrIpv6" not in item]
    moto_revoke_egress(
        self, group_name_or_id, ip_protocol, from_port, to_port, others, *arguments, **options
    )
    if group:
        group.egress_rules = [rule for rule in group.egress_rules if rule not in revoked]


SecurityGroupBackend.revoke_security_group_egress = revoke_security_group_egress
