"""Mends of CloudWatch Logs.

Sources: the Amazon CloudWatch Logs API reference 2014-03-28 (CreateLogGroup, AssociateKmsKey, DisassociateKmsKey).
"""

from moto.logs.exceptions import ResourceNotFoundException
from moto.logs.models import LogGroup
from moto.logs.responses import LogsResponse

# --- class -----------------------------------------------------------------------------------------
# The class given at creation is dropped, and no group says one. Groups for delivery keep events two days.

moto_create_log_group = LogsResponse.create_log_group
moto_to_describe_dict = LogGroup.to_describe_dict


def create_log_group(self):
    answer = moto_create_log_group(self)
    group = self.logs_backend.groups[self._get_param("logGroupName")]
    group.log_group_class = self._get_param("logGroupClass") or "STANDARD"
    if group.log_group_class == "DELIVERY":
        group.retention_in_days = 2
    return answer


def to_describe_dict(self):
    return {**moto_to_describe_dict(self), "logGroupClass": getattr(self, "log_group_class", "STANDARD")}


LogsResponse.create_log_group = create_log_group
LogGroup.to_describe_dict = to_describe_dict


# --- encryption ------------------------------------------------------------------------------------
# Changing the key of a group is missing.


def set_key(response, key):
    group = response.logs_backend.groups.get(response._get_param("logGroupName"))
    if group is None:
        raise ResourceNotFoundException()
    group.kms_key_id = key
    return "{}"


LogsResponse.associate_kms_key = lambda self: set_key(self, self._get_param("kmsKeyId"))
LogsResponse.disassociate_kms_key = lambda self: set_key(self, None)
