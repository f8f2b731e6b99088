"""Mends of lifecycle configurations.

Sources: the Amazon S3 API reference 2006-03-01 (PutBucketLifecycleConfiguration, GetBucketLifecycleConfiguration,
LifecycleRule, LifecycleRuleFilter).

moto keeps a part of a rule: sizes of objects, the number of noncurrent versions that stay, and the smallest size that
is moved get lost. What was put is kept here as it is, once moto's own checks have passed.
"""

import xmltodict
from moto.moto_api._internal import mock_random as random
from moto.s3.exceptions import MalformedXML
from moto.s3.models import S3Backend
from moto.s3.responses import S3Response

SIZE_HEADER = "x-amz-transition-default-minimum-object-size"
SMALLEST = "all_storage_classes_128K"

moto_bucket_response_put = S3Response._bucket_response_put
moto_get_bucket_lifecycle = S3Response.get_bucket_lifecycle
moto_delete_bucket_lifecycle = S3Backend.delete_bucket_lifecycle


def bucket_response_put(self, request, bucket_name, querystring):
    if "lifecycle" not in querystring:
        return moto_bucket_response_put(self, request, bucket_name, querystring)
    moto_bucket_response_put(self, request, bucket_name, querystring)
    rules = xmltodict.parse(self.body, force_list={"Rule"})["LifecycleConfiguration"].get("Rule") or []
    # A rule without an identifier gets one, and no two have the same.
    for rule in rules:
        rule["ID"] = rule.get("ID") or str(random.uuid4())
    if len({rule["ID"] for rule in rules}) < len(rules):
        raise MalformedXML()
    size = request.headers.get(SIZE_HEADER, SMALLEST)
    self.backend.get_bucket(bucket_name).lifecycle = (rules, size)
    return 200, {SIZE_HEADER: size}, ""


def get_bucket_lifecycle(self):
    kept = getattr(self.backend.get_bucket(self.bucket_name), "lifecycle", None)
    if not kept:
        return moto_get_bucket_lifecycle(self)
    rules, size = kept
    content = {"@xmlns": "http://s3.amazonaws.com/doc/2006-03-01/", "Rule": rules}
    text = xmltodict.unparse({"LifecycleConfiguration": content})
    return 200, {"Content-Type": "application/xml", SIZE_HEADER: size}, text


def delete_bucket_lifecycle(self, bucket_name):
    self.get_bucket(bucket_name).lifecycle = None
    return moto_delete_bucket_lifecycle(self, bucket_name)


S3Response._bucket_response_put = bucket_response_put
S3Response.get_bucket_lifecycle = get_bucket_lifecycle
S3Backend.delete_bucket_lifecycle = delete_bucket_lifecycle
