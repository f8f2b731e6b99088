"""Mends of EC2: launch templates.

Sources: the Amazon EC2 API reference 2016-11-15 (DescribeLaunchTemplates, DescribeLaunchTemplateVersions,
CreateLaunchTemplateVersion); Amazon EC2 Developer Guide, “Pagination”.
"""

import mends_scaling  # noqa: F401
from moto.core.types import Base64EncodedString
from moto.ec2.exceptions import InvalidLaunchTemplateIdNotFound
from moto.ec2.models.launch_templates import LaunchTemplate, LaunchTemplateBackend
from moto.ec2.responses.launch_templates import LaunchTemplates
from moto.ec2.utils import parse_user_data

# --- versions --------------------------------------------------------------------------------------
# moto takes a later version's user data as it comes, and cannot launch an instance with it.

moto_create_version = LaunchTemplate.create_version


def create_version(self, data, description):
    user_data = data.get("UserData")
    if user_data is not None and not isinstance(user_data, Base64EncodedString):
        data = {**data, "UserData": parse_user_data(user_data)}
    return moto_create_version(self, data, description)


LaunchTemplate.create_version = create_version

# --- describing ------------------------------------------------------------------------------------
# moto passes over ids that do not exist, which AWS refuses, and answers fifteen objects at most, without a
# word of the others.

moto_describe_templates = LaunchTemplateBackend.describe_launch_templates


def describe_templates(self, template_names=None, template_ids=None, filters=None):
    for template_id in template_ids or []:
        if template_id not in self.launch_templates:
            raise InvalidLaunchTemplateIdNotFound(template_id)
    return moto_describe_templates(self, template_names, template_ids, filters)


LaunchTemplateBackend.describe_launch_templates = describe_templates

EVERYTHING = 1_000_000


def paged(moto_describe, items):
    def describe(self):
        get = self._get_int_param

        def get_int(name, default=None):
            return EVERYTHING if name == "MaxResults" else get(name, default)

        start = int(self._get_param("NextToken") or 0)
        end = start + (get("MaxResults") or 200)
        self._get_int_param = get_int
        try:
            answer = moto_describe(self)
        finally:
            del self._get_int_param
        found = answer.result[items]
        answer.result[items] = found[start:end]
        if end < len(found):
            answer.result["NextToken"] = str(end)
        return answer

    return describe


LaunchTemplates.describe_launch_templates = paged(
    LaunchTemplates.describe_launch_templates, "LaunchTemplates"
)
LaunchTemplates.describe_launch_template_versions = paged(
    LaunchTemplates.describe_launch_template_versions, "LaunchTemplateVersions"
)
