"""Mends of Elastic Load Balancing (v2).

Sources: the Elastic Load Balancing API reference 2015-12-01 (CreateLoadBalancer, CreateTargetGroup,
CreateListener, LoadBalancerAttribute, TargetGroupAttribute, ListenerAttribute and their errors).
"""

import inspect

from moto.elbv2.exceptions import (
    DuplicateListenerError,
    DuplicateLoadBalancerName,
    DuplicateTargetGroupName,
    ELBClientError,
    ListenerNotFoundError,
    LoadBalancerNotFoundError,
)
from moto.elbv2.models import (
    ELBv2Backend,
    FakeAction,
    FakeListener,
    FakeTargetGroup,
    elbv2_backends,
)
from moto.moto_api._internal import mock_random

ENCRYPTED = ("HTTPS", "TLS")


def arguments_of(function, *args, **kwargs):
    """The call's arguments by name, without `self`, and with the defaults of those not given."""
    bound = inspect.signature(function).bind(*args, **kwargs)
    bound.apply_defaults()
    named = dict(bound.arguments)
    named.pop("self")
    named.update(named.pop("kwargs", {}))
    return named


# --- creating what is there already ----------------------------------------------------------------
# AWS: the second call with the same settings gives the existing object, another one with the same name
# (for a listener, the same port) is an error. moto makes a second load balancer or listener, and refuses
# an equal target group.

moto_create_load_balancer = ELBv2Backend.create_load_balancer
moto_create_target_group = ELBv2Backend.create_target_group
moto_create_listener = ELBv2Backend.create_listener


def create_load_balancer(self, *args, **kwargs):
    settings = arguments_of(moto_create_load_balancer, self, *args, **kwargs)
    for existing in self.load_balancers.values():
        if existing.name == settings["name"]:
            if existing.created_with == settings:
                return existing
            raise DuplicateLoadBalancerName()
    balancer = moto_create_load_balancer(self, *args, **kwargs)
    balancer.created_with = settings
    balancer.scheme = balancer.scheme or "internet-facing"
    # moto gives every load balancer of a name the same address.
    internal = "internal-" if balancer.scheme == "internal" else ""
    number = mock_random.randint(100_000_000, 2_000_000_000)
    balancer.dns_name = f"{internal}{balancer.name}-{number}.{self.region_name}.elb.amazonaws.com"
    balancer.attrs = load_balancer_attributes(balancer)
    if balancer.type == "application" and not balancer.security_groups:
        default = self.ec2_backend.get_default_security_group(balancer.vpc_id)
        balancer.security_groups = [default.id] if default else []
    return balancer


def create_target_group(self, name, **kwargs):
    settings = arguments_of(moto_create_target_group, self, name, **kwargs)
    for existing in self.target_groups.values():
        if existing.name == name:
            if existing.created_with == settings:
                return existing
            raise DuplicateTargetGroupName()
    group = moto_create_target_group(self, name, **kwargs)
    group.created_with = settings
    group.attributes = target_group_attributes(group)
    return group


def create_listener(self, *args, **kwargs):
    settings = arguments_of(moto_create_listener, self, *args, **kwargs)
    balancer = self.load_balancers.get(settings["load_balancer_arn"])
    for existing in balancer.listeners.values() if balancer else ():
        if existing.port == settings["port"]:
            if existing.created_with == settings:
                return existing
            raise DuplicateListenerError()
    created_with = {**settings, "actions": [dict(action) for action in settings["actions"]]}
    listener = moto_create_listener(self, *args, **kwargs)
    listener.created_with = created_with
    return listener


ELBv2Backend.create_load_balancer = create_load_balancer
ELBv2Backend.create_target_group = create_target_group
ELBv2Backend.create_listener = create_listener


# --- attributes that nobody has set ----------------------------------------------------------------
# AWS shows all attributes of the kind with their defaults, moto a few.


def load_balancer_attributes(balancer):
    attributes = {
        "deletion_protection.enabled": "false",
    }
    if balancer.type in ("application", "network"):
        attributes |= {
            "access_logs.s3.enabled": "false",
            "access_logs.s3.bucket": "",
            "access_logs.s3.prefix": "",
            "ipv6.deny_all_igw_traffic": "true" if balancer.scheme == "internal" else "false",
            "zonal_shift.config.enabled": "false",
        }
    if balancer.type == "application":
        attributes |= {
            "client_keep_alive.seconds": "3600",
            "connection_logs.s3.enabled": "false",
            "connection_logs.s3.bucket": "",
            "connection_logs.s3.prefix": "",
            "idle_timeout.timeout_seconds": "60",
            "load_balancing.cross_zone.enabled": "true",
            "routing.http.desync_mitigation_mode": "defensive",
            "routing.http.drop_invalid_header_fields.enabled": "false",
            "routing.http.preserve_host_header.enabled": "false",
            "routing.http.x_amzn_tls_version_and_cipher_suite.enabled": "false",
            "routing.http.xff_client_port.enabled": "false",
            "routing.http.xff_header_processing.mode": "append",
            "routing.http2.enabled": "true",
            "waf.fail_open.enabled": "false",
        }
    else:
        attributes["load_balancing.cross_zone.enabled"] = "false"
    if balancer.type == "network":
        attributes["dns_record.client_routing_policy"] = "any_availability_zone"
        attributes["secondary_ips.auto_assigned.per_subnet"] = "0"
    return attributes


def target_group_attributes(group):
    if group.target_type == "lambda":
        return {"lambda.multi_value_headers.enabled": "false"}
    if group.protocol == "GENEVE":
        return {
            "deregistration_delay.timeout_seconds": "300",
            "stickiness.enabled": "false",
            "stickiness.type": "source_ip_dest_ip_proto",
            "target_failover.on_deregistration": "no_rebalance",
            "target_failover.on_unhealthy": "no_rebalance",
        }
    attributes = {
        "deregistration_delay.timeout_seconds": "300",
        "load_balancing.cross_zone.enabled": "use_load_balancer_configuration",
        "stickiness.enabled": "false",
        "target_group_health.dns_failover.minimum_healthy_targets.count": "1",
        "target_group_health.dns_failover.minimum_healthy_targets.percentage": "off",
        "target_group_health.unhealthy_state_routing.minimum_healthy_targets.count": "1",
        "target_group_health.unhealthy_state_routing.minimum_healthy_targets.percentage": "off",
    }
    if group.protocol in ("HTTP", "HTTPS"):
        attributes |= {
            "load_balancing.algorithm.anomaly_mitigation": "off",
            "load_balancing.algorithm.type": "round_robin",
            "slow_start.duration_seconds": "0",
            "stickiness.app_cookie.cookie_name": "",
            "stickiness.app_cookie.duration_seconds": "86400",
            "stickiness.lb_cookie.duration_seconds": "86400",
            "stickiness.type": "lb_cookie",
        }
    else:
        attributes |= {
            "deregistration_delay.connection_termination.enabled": "false",
            "preserve_client_ip.enabled": "false" if keeps_no_address(group) else "true",
            "proxy_protocol_v2.enabled": "false",
            "stickiness.type": "source_ip",
        }
    if group.protocol in ("TCP", "TLS"):
        attributes |= {
            "target_health_state.unhealthy.connection_termination.enabled": "true",
            "target_health_state.unhealthy.draining_interval_seconds": "0",
        }
    return attributes


def keeps_no_address(group):
    return group.target_type == "ip" and group.protocol in ("TCP", "TLS")


# --- listeners -------------------------------------------------------------------------------------
# moto gives listeners without encryption a security policy.


def ssl_policy(self):
    return self.given_ssl_policy if self.protocol in ENCRYPTED else None


def set_ssl_policy(self, value):
    self.given_ssl_policy = value


FakeListener.ssl_policy = property(ssl_policy, set_ssl_policy)

# AWS shows a forward to one target group in both forms, and the order of every action.

moto_action_init = FakeAction.__init__


def action_init(self, data):
    if data.get("Type") == "forward":
        groups = data.get("ForwardConfig", {}).get("TargetGroups", [])
        if not groups and "TargetGroupArn" in data:
            data["ForwardConfig"] = {"TargetGroups": [{"TargetGroupArn": data["TargetGroupArn"]}]}
        elif len(groups) == 1:
            data["TargetGroupArn"] = groups[0]["TargetGroupArn"]
    data.setdefault("Order", 1)
    moto_action_init(self, data)


FakeAction.__init__ = action_init


# --- target groups ---------------------------------------------------------------------------------
# moto's target group keeps the load balancers that it once served, and does not notice those that come
# with ModifyListener. On AWS LoadBalancerArns follows the listeners and rules of the moment.


def forwards_to(backend, listener, target_group_arn):
    return any(
        target_group_arn in backend._get_target_group_arns_from(action_data=action.data)
        for rule in listener.rules.values()
        for action in rule.actions
    )


def load_balancer_arns(self):
    backend = elbv2_backends[self.account_id][self.region_name]
    return [
        balancer.arn
        for balancer in list(backend.load_balancers.values())
        if any(forwards_to(backend, listener, self.arn) for listener in list(balancer.listeners.values()))
    ]


FakeTargetGroup.load_balancer_arns = property(load_balancer_arns, lambda self, value: None)


# --- objects that are not there --------------------------------------------------------------------
# One unknown ARN or name makes the whole call fail; moto leaves it out, or shows another object twice.

moto_describe_load_balancers = ELBv2Backend.describe_load_balancers
moto_describe_listeners = ELBv2Backend.describe_listeners
moto_describe_tags = ELBv2Backend.describe_tags
moto_delete_load_balancer = ELBv2Backend.delete_load_balancer


def describe_load_balancers(self, arns, names):
    known = {balancer.name for balancer in self.load_balancers.values()}
    if any(arn not in self.load_balancers for arn in arns or []) or any(name not in known for name in names or []):
        raise LoadBalancerNotFoundError()
    return moto_describe_load_balancers(self, arns, names)


def describe_listeners(self, load_balancer_arn, listener_arns):
    found = moto_describe_listeners(self, load_balancer_arn, listener_arns)
    if not load_balancer_arn and len(found) < len(set(listener_arns or [])):
        raise ListenerNotFoundError()
    return found


def describe_tags(self, resource_arns):
    for arn in resource_arns:
        self._get_resource_by_arn(arn)
    return moto_describe_tags(self, resource_arns)


# Deletion protection is not enforced.


def delete_load_balancer(self, arn):
    balancer = self.load_balancers.get(arn)
    if balancer and balancer.attrs.get("deletion_protection.enabled") == "true":
        message = f"Load balancer '{arn}' cannot be deleted because deletion protection is enabled"
        raise ELBClientError("OperationNotPermitted", message)
    return moto_delete_load_balancer(self, arn)


ELBv2Backend.describe_load_balancers = describe_load_balancers
ELBv2Backend.describe_listeners = describe_listeners
ELBv2Backend.describe_tags = describe_tags
ELBv2Backend.delete_load_balancer = delete_load_balancer
