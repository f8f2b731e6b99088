"""Mends of Auto Scaling and launch templates."""

from moto.autoscaling.responses import AutoScalingResponse
from moto.core.responses import ActionResult, EmptyResult
from moto.ec2.models.launch_templates import LaunchTemplate

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
