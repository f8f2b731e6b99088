"""Mends of Application Auto Scaling.

Sources: the Application Auto Scaling API reference 2016-02-06 (RegisterScalableTarget, DeregisterScalableTarget,
PutScalingPolicy, DescribeScalingPolicies, TagResource); the user guide's page on service-linked roles.
"""

import json

from moto.applicationautoscaling.exceptions import AWSValidationException
from moto.applicationautoscaling.models import ApplicationAutoscalingBackend
from moto.applicationautoscaling.responses import ApplicationAutoScalingResponse
from moto.core.exceptions import JsonRESTError
from moto.utilities.utils import get_partition

# --- targets ---------------------------------------------------------------------------------------
# moto takes any role, and has no answer for a target without one. AWS scales with the service's own role whatever
# is asked, except for EMR. A suspended state always has its three switches. Tags are missing.

SERVICE_ROLES = {
    "appstream": "AppStreamFleet",
    "cassandra": "CassandraTable",
    "comprehend": "ComprehendEndpoint",
    "custom-resource": "CustomResource",
    "dynamodb": "DynamoDBTable",
    "ec2": "EC2SpotFleetRequest",
    "ecs": "ECSService",
    "kafka": "KafkaCluster",
    "lambda": "LambdaConcurrency",
    "rds": "RDSCluster",
    "sagemaker": "SageMakerEndpoint",
}
SWITCHES = ("DynamicScalingInSuspended", "DynamicScalingOutSuspended", "ScheduledScalingSuspended")

moto_register = ApplicationAutoscalingBackend.register_scalable_target
moto_deregister = ApplicationAutoscalingBackend.deregister_scalable_target
moto_register_response = ApplicationAutoScalingResponse.register_scalable_target


def missing(kind, namespace, resource, dimension):
    message = (
        f"No {kind} for service namespace: {namespace}, resource ID: {resource}, scalable dimension: {dimension}"
    )
    return JsonRESTError("ObjectNotFoundException", message)


def register(self, namespace, r_id, dimension, min_capacity, max_capacity, role_arn, suspended_state):
    is_new = not self._scalable_target_exists(r_id, dimension)
    if is_new or suspended_state is not None:
        suspended_state = {switch: bool((suspended_state or {}).get(switch)) for switch in SWITCHES}
    target = moto_register(self, namespace, r_id, dimension, min_capacity, max_capacity, role_arn, suspended_state)
    service = SERVICE_ROLES.get(namespace)
    if service:
        target.role_arn = (
            f"arn:{get_partition(self.region_name)}:iam::{self.account_id}:role/aws-service-role/"
            f"{namespace}.application-autoscaling.amazonaws.com/AWSServiceRoleForApplicationAutoScaling_{service}"
        )
    elif role_arn:
        target.role_arn = role_arn
    return target


def register_response(self):
    tags = self._get_param("Tags")
    backend = self.applicationautoscaling_backend
    resource, dimension = self._get_param("ResourceId"), self._get_param("ScalableDimension")
    if tags and backend._scalable_target_exists(resource, dimension):
        raise AWSValidationException("The Tags parameter is only for new scalable targets: use TagResource.")
    answer = moto_register_response(self)
    if tags:
        backend.targets[dimension][resource].tags = dict(tags)
    return answer


def deregister(self, namespace, r_id, dimension):
    if not self._scalable_target_exists(r_id, dimension):
        raise missing("scalable target found", namespace, r_id, dimension)
    for policy in list(self.policies.values()):
        if (policy.resource_id, policy.scalable_dimension) == (r_id, dimension):
            self.delete_scaling_policy(policy.policy_name, namespace, r_id, dimension)
    moto_deregister(self, namespace, r_id, dimension)


def tags_of(response):
    arn = response._get_param("ResourceARN")
    for targets in response.applicationautoscaling_backend.targets.values():
        for target in targets.values():
            if target.arn == arn:
                return target.__dict__.setdefault("tags", {})
    raise JsonRESTError("ResourceNotFoundException", f"No resource found for ARN: {arn}")


def tag_resource(self):
    tags_of(self).update(self._get_param("Tags") or {})
    return json.dumps({})


def untag_resource(self):
    tags = tags_of(self)
    for key in self._get_param("TagKeys") or []:
        tags.pop(key, None)
    return json.dumps({})


def list_tags_for_resource(self):
    return json.dumps({"Tags": tags_of(self)})


ApplicationAutoscalingBackend.register_scalable_target = register
ApplicationAutoscalingBackend.deregister_scalable_target = deregister
ApplicationAutoScalingResponse.register_scalable_target = register_response
ApplicationAutoScalingResponse.tag_resource = tag_resource
ApplicationAutoScalingResponse.untag_resource = untag_resource
ApplicationAutoScalingResponse.list_tags_for_resource = list_tags_for_resource


# --- policies --------------------------------------------------------------------------------------
# A policy needs a target. moto gives a changed policy another ARN and keeps its old alarms, knows no names of
# policies when asked, and calls what is missing invalid.

moto_put = ApplicationAutoscalingBackend.put_scaling_policy
moto_delete = ApplicationAutoscalingBackend.delete_scaling_policy
moto_describe = ApplicationAutoScalingResponse.describe_scaling_policies


def key_of(policy):
    return (policy.policy_name, policy.service_namespace, policy.resource_id, policy.scalable_dimension)


def policy_of(backend, key):
    return next((policy for policy in backend.policies.values() if key_of(policy) == key), None)


def put(self, policy_name, service_namespace, resource_id, scalable_dimension, policy_body, policy_type):
    if not self._scalable_target_exists(resource_id, scalable_dimension):
        raise missing("scalable target registered", service_namespace, resource_id, scalable_dimension)
    old = policy_of(self, (policy_name, service_namespace, resource_id, scalable_dimension))
    policy = moto_put(
        self, policy_name, service_namespace, resource_id, scalable_dimension, policy_body, policy_type
    )
    if old:
        old.delete_alarms(self.account_id, self.region_name)
        policy.delete_alarms(self.account_id, self.region_name)
        policy.policy_arn, policy.creation_time, policy.alarms = old.policy_arn, old.creation_time, []
        policy.create_alarms()
    return policy


def delete(self, policy_name, service_namespace, resource_id, scalable_dimension):
    if not policy_of(self, (policy_name, service_namespace, resource_id, scalable_dimension)):
        raise missing("scaling policy found", service_namespace, resource_id, scalable_dimension)
    moto_delete(self, policy_name, service_namespace, resource_id, scalable_dimension)


def describe(self):
    names = self._get_param("PolicyNames")
    answer = json.loads(moto_describe(self))
    if names:
        rows = answer["ScalingPolicies"]
        answer["ScalingPolicies"] = [row for row in rows if row["PolicyName"] in names]
    return json.dumps(answer)


ApplicationAutoscalingBackend.put_scaling_policy = put
ApplicationAutoscalingBackend.delete_scaling_policy = delete
ApplicationAutoScalingResponse.describe_scaling_policies = describe
