"""Mends of EC2: instances.

Sources: the Amazon EC2 API reference 2016-11-15 (RunInstances, ModifyInstanceAttribute, ModifyVolume,
ModifyInstanceCreditSpecification, ModifyPrivateDnsNameOptions, Instance, Volume).
"""

import base64

import mends_network  # noqa: F401
from moto.core.responses import ActionResult, EmptyResult
from moto.ec2.exceptions import EC2ClientError
from moto.ec2.models.elastic_block_store import VolumeModification
from moto.ec2.models.elastic_network_interfaces import NetworkInterfaceBackend
from moto.ec2.models.iam_instance_profile import IamInstanceProfileAssociationBackend
from moto.ec2.models.instances import Instance
from moto.ec2.responses.instances import InstanceResponse
from moto.ec2.responses.monitoring import Monitoring
from moto.ec2.utils import parse_user_data

# --- what an instance has where the launch does not say -------------------------------------------

GP3_IOPS, GP3_THROUGHPUT = 3000, 125


def options_of(self, get):
    """The options of a launch that moto does not keep, as DescribeInstances answers them."""
    preference = get("CapacityReservationSpecification.CapacityReservationPreference")
    target = get("CapacityReservationSpecification.CapacityReservationTarget")
    capacity = {"CapacityReservationPreference": preference or (None if target else "open")}
    if target:
        capacity["CapacityReservationTarget"] = target
    return {
        "capacity_reservation_specification": capacity,
        "cpu_options": {
            "AmdSevSnp": get("CpuOptions.AmdSevSnp"),
            "CoreCount": int(get("CpuOptions.CoreCount") or 1),
            "ThreadsPerCore": int(get("CpuOptions.ThreadsPerCore") or 2),
        },
        "credits": get("CreditSpecification.CpuCredits") or default_credits(self.instance_type),
        "disable_api_termination": bool(get("DisableApiTermination")),
        "enclave_options": {"Enabled": bool(get("EnclaveOptions.Enabled"))},
        "maintenance_options": {"AutoRecovery": get("MaintenanceOptions.AutoRecovery") or "default"},
        "private_dns_name_options": {
            "HostnameType": get("PrivateDnsNameOptions.HostnameType") or "ip-name",
            "EnableResourceNameDnsARecord": bool(
                get("PrivateDnsNameOptions.EnableResourceNameDnsARecord")
            ),
            "EnableResourceNameDnsAAAARecord": bool(
                get("PrivateDnsNameOptions.EnableResourceNameDnsAAAARecord")
            ),
        },
    }


def default_credits(instance_type):
    return "standard" if instance_type.startswith("t2.") else "unlimited"


moto_init = Instance.__init__


def init(self, *arguments, **options):
    moto_init(self, *arguments, **options)
    for name, value in options_of(self, lambda name: None).items():
        if name != "disable_api_termination":
            setattr(self, name, value)


Instance.__init__ = init

# --- launching -------------------------------------------------------------------------------------
# moto makes no root volume where the launch names another, wants its size, and forgets the speed of volumes,
# the groups of interfaces and all but the first of their addresses.

InstanceResponse._validate_block_device_mapping = staticmethod(lambda mapping: None)

moto_parse_mapping = InstanceResponse._parse_block_device_mapping


def parse_mapping(self):
    given = self._get_param("BlockDeviceMappings", [])
    if not given:
        return []
    images = self.ec2_backend.describe_images(filters={"image-id": self._get_param("ImageId")})
    root = images[0].root_device_name if images else "/dev/sda1"
    mappings = [one for one in moto_parse_mapping(self) if one["Ebs"] and not one["VirtualName"]]
    for one in mappings:
        one["Ebs"]["VolumeSize"] = int(one["Ebs"]["VolumeSize"] or 8)
        one["Ebs"]["VolumeType"] = one["Ebs"]["VolumeType"] or "gp2"
    if all(one["DeviceName"] != root for one in mappings):
        ebs = {"VolumeSize": 8, "VolumeType": "gp2", "DeleteOnTermination": True}
        mappings.append({"DeviceName": root, "Ebs": ebs})
    return mappings


InstanceResponse._parse_block_device_mapping = parse_mapping

moto_run_instances = InstanceResponse.run_instances


def run_instances(self):
    result = moto_run_instances(self)
    interfaces = self._get_param("NetworkInterfaces", [])
    first = next((one for one in interfaces if int(one.get("DeviceIndex") or 0) == 0), {})
    for instance in result.result.instances:
        for name, value in options_of(instance, self._get_param).items():
            setattr(instance, name, value)
        if first.get("Groups"):
            find = self.ec2_backend.get_security_group_from_id
            instance.security_groups = [find(group) for group in first["Groups"]]
        if not instance.security_groups:
            default = self.ec2_backend.get_security_group_by_name_or_id("default", instance.vpc_id)
            instance.security_groups = [default] if default else []
        for address in first.get("PrivateIpAddresses") or []:
            if not address.get("Primary"):
                ip = address["PrivateIpAddress"]
                instance.nics[0].private_ip_addresses.append({"Primary": False, "PrivateIpAddress": ip})
        speed_volumes(self, instance)
    return result


def speed_volumes(self, instance):
    given = {one.get("DeviceName"): one.get("Ebs", {}) for one in self._get_param("BlockDeviceMappings", [])}
    for device, block in instance.get_block_device_mapping:
        volume = self.ec2_backend.volumes[block.volume_id]
        asked = given.get(device, {})
        volume.volume_type = volume.volume_type or "gp2"
        settle_speed(volume, asked.get("Iops"), asked.get("Throughput"))


def settle_speed(volume, iops, throughput):
    is_gp3 = volume.volume_type == "gp3"
    size = int(volume.size)
    own = GP3_IOPS if is_gp3 else max(100, 3 * size)
    volume.iops = int(iops) if iops else own
    volume.throughput = int(throughput or GP3_THROUGHPUT) if is_gp3 else None


InstanceResponse.run_instances = run_instances

# --- changing --------------------------------------------------------------------------------------

moto_modify_attribute = InstanceResponse.modify_instance_attribute


def modify_instance_attribute(self):
    instance = self.ec2_backend.get_instance(self._get_param("InstanceId"))
    behavior = self._get_param("InstanceInitiatedShutdownBehavior.Value")
    if behavior is not None:
        instance.instance_initiated_shutdown_behavior = behavior
        return EmptyResult()
    data = self._get_param("UserData.Value")
    needs_stop = data is not None or self._get_param("InstanceType.Value") is not None
    if needs_stop and instance.state != "stopped":
        message = f"The instance '{instance.id}' is not in the 'stopped' state."
        raise EC2ClientError("IncorrectInstanceState", message)
    if data is not None:
        # The parser has decoded what moto takes for encoded.
        encoded = base64.b64encode(data).decode() if isinstance(data, bytes) else data
        instance.user_data = parse_user_data(encoded)
        return EmptyResult()
    return moto_modify_attribute(self)


InstanceResponse.modify_instance_attribute = modify_instance_attribute


def instance_of(self):
    return self.ec2_backend.get_instance(self._get_param("InstanceId"))


def describe_instance_credit_specifications(self):
    found = [self.ec2_backend.get_instance(id) for id in self._get_param("InstanceIds", [])]
    answer = [{"InstanceId": one.id, "CpuCredits": one.credits} for one in found]
    return ActionResult({"InstanceCreditSpecifications": answer})


def modify_instance_credit_specification(self):
    done = []
    for one in self._get_param("InstanceCreditSpecifications", []):
        self.ec2_backend.get_instance(one["InstanceId"]).credits = one["CpuCredits"]
        done.append({"InstanceId": one["InstanceId"]})
    return ActionResult({"SuccessfulInstanceCreditSpecifications": done})


def modify_instance_maintenance_options(self):
    options = {"AutoRecovery": self._get_param("AutoRecovery")}
    instance_of(self).maintenance_options = options
    return ActionResult({"InstanceId": instance_of(self).id, **options})


def modify_instance_capacity_reservation_attributes(self):
    options = options_of(instance_of(self), self._get_param)
    instance_of(self).capacity_reservation_specification = options["capacity_reservation_specification"]
    return ActionResult({"Return": True})


def modify_private_dns_name_options(self):
    options = instance_of(self).private_dns_name_options
    if self._get_param("PrivateDnsHostnameType"):
        options["HostnameType"] = self._get_param("PrivateDnsHostnameType")
    for name in ("EnableResourceNameDnsARecord", "EnableResourceNameDnsAAAARecord"):
        if self._get_param(name) is not None:
            options[name] = self._get_param(name)
    return ActionResult({"Return": True})


for action in (
    describe_instance_credit_specifications,
    modify_instance_credit_specification,
    modify_instance_maintenance_options,
    modify_instance_capacity_reservation_attributes,
    modify_private_dns_name_options,
):
    setattr(InstanceResponse, action.__name__, action)


def monitoring(state):
    def response(self):
        answer = []
        for id in self._get_param("InstanceIds", []):
            self.ec2_backend.get_instance(id).monitoring_state = state
            answer.append({"InstanceId": id, "Monitoring": {"State": state}})
        return ActionResult({"InstanceMonitorings": answer})

    return response


Monitoring.monitor_instances = monitoring("enabled")
Monitoring.unmonitor_instances = monitoring("disabled")

moto_modify_interface = NetworkInterfaceBackend.modify_network_interface_attribute


def modify_network_interface_attribute(self, eni_id, group_ids, *arguments):
    moto_modify_interface(self, eni_id, group_ids, *arguments)
    interface = self.get_network_interface(eni_id)
    if group_ids and interface.instance and interface.device_index == 0:
        interface.instance.security_groups = [self.get_security_group_from_id(id) for id in group_ids]


NetworkInterfaceBackend.modify_network_interface_attribute = modify_network_interface_attribute

# An instance goes on showing its former profile when another replaces it.

moto_replace_profile = IamInstanceProfileAssociationBackend.replace_iam_instance_profile_association


def replace_iam_instance_profile_association(self, association_id, *arguments, **options):
    association = moto_replace_profile(self, association_id, *arguments, **options)
    profile = {"Arn": association.iam_instance_profile.arn, "Id": association_id}
    association.instance.iam_instance_profile = profile
    return association


IamInstanceProfileAssociationBackend.replace_iam_instance_profile_association = (
    replace_iam_instance_profile_association
)

# A modified volume has its new kind and speed, and the speed of its kind where none was asked for.

moto_modification = VolumeModification.__init__


def modification(self, volume, target_size=None, target_volume_type=None, *arguments, **options):
    moto_modification(self, volume, target_size, target_volume_type, *arguments, **options)
    iops = (list(arguments) + [None])[0] or options.get("target_iops")
    throughput = (list(arguments) + [None, None])[1] or options.get("target_throughput")
    # "The existing value is retained if you keep the same volume type" (EC2 API reference, ModifyVolume); that of gp2
    # follows from the size.
    keeps = not target_volume_type and (volume.volume_type == "gp3" or not target_size)
    kept, kept_iops = (volume.throughput, volume.iops) if keeps else (None, None)
    volume.size = target_size or volume.size
    if target_volume_type:
        volume.volume_type = target_volume_type
    settle_speed(volume, iops or kept_iops, throughput or kept)


VolumeModification.__init__ = modification
