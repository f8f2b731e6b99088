"""Mends of Auto Scaling groups and their scaling policies."""

from moto.autoscaling.exceptions import ValidationError
from moto.autoscaling.models import AutoScalingBackend, FakeAutoScalingGroup
from moto.autoscaling.responses import AutoScalingResponse
from moto.core.responses import ActionResult, EmptyResult

# --- what a group has ------------------------------------------------------------------------------
# Many arguments of CreateAutoScalingGroup and UpdateAutoScalingGroup are forgotten.

NUMBERS = {
    "DefaultCooldown": "default_cooldown",
    "DefaultInstanceWarmup": "default_instance_warmup",
    "HealthCheckGracePeriod": "health_check_grace_period",
    "MaxInstanceLifetime": "max_instance_lifetime",
}

TEXTS = {
    "Context": "context",
    "DesiredCapacityType": "desired_capacity_type",
    "PlacementGroup": "placement_group",
    "ServiceLinkedRoleARN": "service_linked_role_arn",
}

BLOCKS = {
    "AvailabilityZoneDistribution": "availability_zone_distribution",
    "CapacityReservationSpecification": "capacity_reservation_specification",
}

FakeAutoScalingGroup.context = None
FakeAutoScalingGroup.default_instance_warmup = None
FakeAutoScalingGroup.desired_capacity_type = None
FakeAutoScalingGroup.instance_maintenance_policy = None
FakeAutoScalingGroup.max_instance_lifetime = None
FakeAutoScalingGroup.availability_zone_distribution = {
    "CapacityDistributionStrategy": "balanced-best-effort"
}
FakeAutoScalingGroup.capacity_reservation_specification = {"CapacityReservationPreference": "default"}


def group_of(response):
    name = response._get_param("AutoScalingGroupName")
    group = response.autoscaling_backend.autoscaling_groups.get(name)
    if group is None:
        raise ValidationError(f"AutoScalingGroup name not found - no such group: {name}")
    return group


def keep(response, group):
    params = response._get_params()
    for name, attribute in NUMBERS.items():
        number = response._get_int_param(name)
        if number is not None:
            # A warm-up of -1 is none (UpdateAutoScalingGroup).
            setattr(group, attribute, None if number == -1 else number)
    for name, attribute in {**TEXTS, **BLOCKS}.items():
        if params.get(name) is not None:
            setattr(group, attribute, params[name])
    policy = params.get("InstanceMaintenancePolicy")
    if policy is not None:
        # Percentages of -1 remove the policy.
        is_none = all(int(percentage) == -1 for percentage in policy.values())
        group.instance_maintenance_policy = None if is_none else policy
    if params.get("TerminationPolicies"):
        group.termination_policies = params["TerminationPolicies"]
    rebalance = response._get_bool_param("CapacityRebalance", None)
    if rebalance is not None:
        group.capacity_rebalance = rebalance


# --- mixed instances policies ----------------------------------------------------------------------
# What a policy leaves out has a default, be the rest given or not; a group has a policy or a template; a
# change of anything else leaves the policy as it is.

DISTRIBUTION = {
    "OnDemandAllocationStrategy": "prioritized",
    "OnDemandBaseCapacity": 0,
    "OnDemandPercentageAboveBaseCapacity": 100,
    "SpotAllocationStrategy": "lowest-price",
}


def complete(policy):
    if not policy:
        return None
    given = policy.get("InstancesDistribution") or {}
    distribution = {**DISTRIBUTION, **{key: value for key, value in given.items() if value != ""}}
    if distribution["SpotAllocationStrategy"] == "lowest-price":
        distribution.setdefault("SpotInstancePools", 2)
    template = dict(policy.get("LaunchTemplate") or {})
    template["Overrides"] = template.get("Overrides") or []
    return {"LaunchTemplate": template, "InstancesDistribution": distribution}


def launch_template(self):
    if self.ec2_launch_template is None or self.mixed_instances_policy:
        return None
    return {
        "LaunchTemplateId": self.ec2_launch_template.id,
        "LaunchTemplateName": self.ec2_launch_template.name,
        "Version": self.provided_launch_template_version,
    }


FakeAutoScalingGroup.launch_template = property(launch_template)

moto_create = AutoScalingBackend.create_auto_scaling_group
moto_update = AutoScalingBackend.update_auto_scaling_group


def create_group(self, *args, **kwargs):
    kwargs["mixed_instances_policy"] = complete(kwargs.get("mixed_instances_policy"))
    return moto_create(self, *args, **kwargs)


def update_group(self, *args, **kwargs):
    group = self.autoscaling_groups[kwargs["name"]]
    before = group.mixed_instances_policy
    policy = complete(kwargs.get("mixed_instances_policy"))
    if policy:
        group.mixed_instances_policy = policy
    kwargs["mixed_instances_policy"] = policy
    answer = moto_update(self, *args, **kwargs)
    if not policy and not kwargs.get("launch_template") and not kwargs.get("launch_config_name"):
        group.mixed_instances_policy = before
    return answer


AutoScalingBackend.create_auto_scaling_group = create_group
AutoScalingBackend.update_auto_scaling_group = update_group

# --- making and changing groups --------------------------------------------------------------------
# Hooks given with the group are not made. A group that is not there is an error of its own.

moto_create_response = AutoScalingResponse.create_auto_scaling_group


def create_auto_scaling_group(self):
    answer = moto_create_response(self)
    group = group_of(self)
    keep(self, group)
    params = self._get_params()
    attach(group, params.get("TrafficSources") or [])
    for hook in params.get("LifecycleHookSpecificationList") or []:
        self.autoscaling_backend.create_lifecycle_hook(
            name=hook["LifecycleHookName"],
            as_name=group.name,
            transition=hook["LifecycleTransition"],
            timeout=int(hook["HeartbeatTimeout"]) if hook.get("HeartbeatTimeout") else None,
            result=hook.get("DefaultResult"),
        )
    return answer


def update_auto_scaling_group(self):
    group = group_of(self)
    params = self._get_params()
    self.autoscaling_backend.update_auto_scaling_group(
        name=group.name,
        availability_zones=params.get("AvailabilityZones") or [],
        desired_capacity=self._get_int_param("DesiredCapacity"),
        max_size=self._get_int_param("MaxSize"),
        min_size=self._get_int_param("MinSize"),
        launch_config_name=self._get_param("LaunchConfigurationName"),
        launch_template=params.get("LaunchTemplate") or {},
        vpc_zone_identifier=self._get_param("VPCZoneIdentifier"),
        health_check_period=self._get_int_param("HealthCheckGracePeriod"),
        health_check_type=self._get_param("HealthCheckType"),
        new_instances_protected_from_scale_in=self._get_bool_param(
            "NewInstancesProtectedFromScaleIn", None
        ),
        mixed_instances_policy=params.get("MixedInstancesPolicy"),
    )
    keep(self, group)
    return EmptyResult()


AutoScalingResponse.create_auto_scaling_group = create_auto_scaling_group
AutoScalingResponse.update_auto_scaling_group = update_auto_scaling_group

# --- traffic sources -------------------------------------------------------------------------------
# They are missing. Load balancers and target groups are traffic sources too.

FakeAutoScalingGroup.lattice = ()


def type_of(identifier):
    service = (identifier.split(":") + ["", "", ""])[2]
    return {"elasticloadbalancing": "elbv2", "vpc-lattice": "vpc-lattice"}.get(service, "elb")


def traffic_sources(self):
    identifiers = [*self.load_balancer_names, *self.target_group_arns, *self.lattice]
    return [{"Identifier": one, "Type": type_of(one)} for one in identifiers]


FakeAutoScalingGroup.traffic_sources = property(traffic_sources)


def identifiers_by_type(sources):
    found = {"elb": [], "elbv2": [], "vpc-lattice": []}
    for source in sources:
        found[type_of(source["Identifier"])].append(source["Identifier"])
    return found


def attach(group, sources):
    found = identifiers_by_type(sources)
    backend = group.autoscaling_backend
    if found["elb"]:
        backend.attach_load_balancers(group.name, found["elb"])
    if found["elbv2"]:
        backend.attach_load_balancer_target_groups(group.name, found["elbv2"])
    group.lattice = (*group.lattice, *found["vpc-lattice"])


def attach_traffic_sources(self):
    attach(group_of(self), self._get_params().get("TrafficSources") or [])
    return EmptyResult()


def detach_traffic_sources(self):
    group = group_of(self)
    found = identifiers_by_type(self._get_params().get("TrafficSources") or [])
    if found["elb"]:
        self.autoscaling_backend.detach_load_balancers(group.name, found["elb"])
    if found["elbv2"]:
        self.autoscaling_backend.detach_load_balancer_target_groups(group.name, found["elbv2"])
    group.lattice = tuple(one for one in group.lattice if one not in found["vpc-lattice"])
    return EmptyResult()


def describe_traffic_sources(self):
    sources = [
        {"Identifier": one["Identifier"], "Type": one["Type"], "State": "InService"}
        for one in group_of(self).traffic_sources
    ]
    return ActionResult({"TrafficSources": sources})


AutoScalingResponse.attach_traffic_sources = attach_traffic_sources
AutoScalingResponse.detach_traffic_sources = detach_traffic_sources
AutoScalingResponse.describe_traffic_sources = describe_traffic_sources

# A classic load balancer that is gone can be detached.
moto_detach = AutoScalingBackend.detach_load_balancers


def detach_load_balancers(self, group_name, load_balancer_names):
    group = self.autoscaling_groups[group_name]
    if all(name in self.elb_backend.load_balancers for name in group.load_balancer_names):
        return moto_detach(self, group_name, load_balancer_names)
    group.load_balancer_names = [
        name for name in group.load_balancer_names if name not in load_balancer_names
    ]


AutoScalingBackend.detach_load_balancers = detach_load_balancers

# --- metrics ---------------------------------------------------------------------------------------
# EnableMetricsCollection adds to what is collected; DisableMetricsCollection is missing.


def enable_metrics_collection(self):
    group = group_of(self)
    group.metrics = sorted({*group.metrics, *(self._get_param("Metrics") or [])})
    return EmptyResult()


def disable_metrics_collection(self):
    group = group_of(self)
    gone = self._get_param("Metrics") or group.metrics
    group.metrics = [metric for metric in group.metrics if metric not in gone]
    return EmptyResult()


AutoScalingResponse.enable_metrics_collection = enable_metrics_collection
AutoScalingResponse.disable_metrics_collection = disable_metrics_collection

# --- warm pools ------------------------------------------------------------------------------------
# A capacity of -1 is none (PutWarmPool).

moto_put_warm_pool = AutoScalingBackend.put_warm_pool


def put_warm_pool(self, group_name, max_group_prepared_capacity, **others):
    number = max_group_prepared_capacity
    number = None if number is None or int(number) == -1 else int(number)
    return moto_put_warm_pool(self, group_name=group_name, max_group_prepared_capacity=number, **others)


AutoScalingBackend.put_warm_pool = put_warm_pool

# --- scaling policies ------------------------------------------------------------------------------
# Whether a policy is enabled is forgotten; what a policy's kind does not have is answered empty; policies of
# one name in two groups are mixed up.

moto_put_policy = AutoScalingBackend.put_scaling_policy


def put_policy(self, name, as_name, **others):
    kept = {key: policy for key, policy in self.policies.items() if key != name}
    policy = moto_put_policy(self, name=name, as_name=as_name, **others)
    self.policies = {**kept, f"{as_name}/{name}": policy}
    if policy.policy_type == "StepScaling" and not policy.metric_aggregation_type:
        policy.metric_aggregation_type = "Average"
    policy.predictive_scaling_configuration = policy.predictive_scaling_configuration or None
    return policy


AutoScalingBackend.put_scaling_policy = put_policy

moto_put_scaling_policy = AutoScalingResponse.put_scaling_policy


def put_scaling_policy(self):
    group = group_of(self)
    answer = moto_put_scaling_policy(self)
    policy = self.autoscaling_backend.policies[f"{group.name}/{self._get_param('PolicyName')}"]
    policy.enabled = self._get_bool_param("Enabled", True)
    # One without a cooldown waits as long as its group says, which the policy does not repeat.
    policy.cooldown = self._get_int_param("Cooldown")
    return answer


def policy_key(response):
    name, group = response._get_param("PolicyName"), response._get_param("AutoScalingGroupName")
    for key, policy in response.autoscaling_backend.policies.items():
        if name in (policy.arn, policy.name) and group in (None, policy.auto_scaling_group_name):
            return key
    raise ValidationError("Policy not found")


def delete_policy(self):
    del self.autoscaling_backend.policies[policy_key(self)]
    return EmptyResult()


def execute_policy(self):
    self.autoscaling_backend.policies[policy_key(self)].execute()
    return EmptyResult()


AutoScalingResponse.put_scaling_policy = put_scaling_policy
AutoScalingResponse.delete_policy = delete_policy
AutoScalingResponse.execute_policy = execute_policy
