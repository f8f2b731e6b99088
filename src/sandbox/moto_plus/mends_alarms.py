"""Mends of CloudWatch's alarms.

Source: the Amazon CloudWatch API reference 2010-08-01 (PutMetricAlarm, DeleteAlarms, MetricDataQuery, UntagResource).
"""

from moto.cloudwatch.exceptions import ResourceNotFoundException
from moto.cloudwatch.models import CloudWatchBackend
from moto.cloudwatch.responses import CloudWatchResponse

moto_put = CloudWatchBackend.put_metric_alarm
moto_put_call = CloudWatchResponse.put_metric_alarm


# --- statistics ------------------------------------------------------------------------------------
# Of the extended statistics only percentiles are taken: no trimmed means, no IQM.
# --- tags ------------------------------------------------------------------------------------------
# Tags of a call that changes an alarm are to be ignored: they count for a new one only.


def put_metric_alarm(self, *args, **kwargs):
    statistic = kwargs.pop("extended_statistic", None)
    if kwargs["name"] in self.alarms:
        kwargs["tags"] = None
    alarm = moto_put(self, *args, extended_statistic=None, **kwargs)
    alarm.extended_statistic = statistic
    return alarm


CloudWatchBackend.put_metric_alarm = put_metric_alarm


# An alarm's tags outlive it, and are those of the next one of its name.

moto_delete = CloudWatchBackend.delete_alarms


def delete_alarms(self, alarm_names):
    for name in alarm_names:
        alarm = self.alarms.get(name)
        if alarm and self.tagger.has_tags(alarm.alarm_arn):
            self.tagger.delete_all_tags_for_resource(alarm.alarm_arn)
    moto_delete(self, alarm_names)


CloudWatchBackend.delete_alarms = delete_alarms


# Asking an alarm that is not there for its tags is an error.

moto_list = CloudWatchBackend.list_tags_for_resource


def list_tags_for_resource(self, arn):
    if ":alarm:" in arn and arn.split(":alarm:", 1)[1] not in self.alarms:
        raise ResourceNotFoundException
    return moto_list(self, arn)


CloudWatchBackend.list_tags_for_resource = list_tags_for_resource


# --- accounts --------------------------------------------------------------------------------------
# The account of a query's metric is dropped.


def put_metric_alarm_call(self):
    answer = moto_put_call(self)
    accounts = [query.get("AccountId") for query in self._get_param("Metrics", [])]
    alarm = self.cloudwatch_backend.alarms[self._get_param("AlarmName")]
    for query, account in zip(alarm.metric_data_queries, accounts):
        query.account_id = account
    return answer


CloudWatchResponse.put_metric_alarm = put_metric_alarm_call
