"""Mends of buckets.

Sources: the Amazon S3 API reference 2006-03-01 (GetBucketVersioning, GetBucketAccelerateConfiguration,
GetBucketEncryption, DeleteBucketEncryption, GetBucketRequestPayment); the Amazon S3 User Guide, "Setting default
server-side encryption behavior for Amazon S3 buckets".
"""

from moto.core.responses import ActionResult
from moto.s3.responses import S3Response

# --- names of answers ------------------------------------------------------------------------------
# Two answers have names of moto's own; clients that look at them take them for something else.


def document(name, content):
    text = f'<{name} xmlns="http://s3.amazonaws.com/doc/2006-03-01/">{content}</{name}>'
    return 200, {"Content-Type": "application/xml"}, text


def status(value):
    return f"<Status>{value}</Status>" if value else ""


def get_bucket_versioning(self):
    return document("VersioningConfiguration", status(self.backend.get_bucket_versioning(self.bucket_name)))


def get_bucket_accelerate_configuration(self):
    value = self.backend.get_bucket_accelerate_configuration(self.bucket_name)
    return document("AccelerateConfiguration", status(value))


S3Response.get_bucket_versioning = get_bucket_versioning
S3Response.get_bucket_accelerate_configuration = get_bucket_accelerate_configuration

# --- encryption ------------------------------------------------------------------------------------
# A bucket that nobody told how to encrypt says that it does not; since 2023 each encrypts with keys of S3's own.

OWN_KEYS = {"ApplyServerSideEncryptionByDefault": {"SSEAlgorithm": "AES256"}, "BucketKeyEnabled": False}

moto_get_bucket_encryption = S3Response.get_bucket_encryption


def get_bucket_encryption(self):
    if self.backend.get_bucket(self.bucket_name).encryption:
        return moto_get_bucket_encryption(self)
    self.data["Action"] = "GetBucketEncryption"
    return self.serialized(ActionResult({"ServerSideEncryptionConfiguration": {"Rules": [OWN_KEYS]}}))


S3Response.get_bucket_encryption = get_bucket_encryption

# --- who pays --------------------------------------------------------------------------------------
# Both operations are missing: the one that reads answers a list of objects.

moto_bucket_response_get = S3Response._bucket_response_get
moto_bucket_response_put = S3Response._bucket_response_put


def bucket_response_get(self, bucket_name, querystring):
    if "requestPayment" not in querystring:
        return moto_bucket_response_get(self, bucket_name, querystring)
    payer = getattr(self.backend.get_bucket(bucket_name), "request_payer", "BucketOwner")
    return document("RequestPaymentConfiguration", f"<Payer>{payer}</Payer>")


def bucket_response_put(self, request, bucket_name, querystring):
    if "requestPayment" not in querystring:
        return moto_bucket_response_put(self, request, bucket_name, querystring)
    bucket = self.backend.get_bucket(bucket_name)
    bucket.request_payer = "Requester" if b"<Payer>Requester</Payer>" in self.body else "BucketOwner"
    return 200, {}, ""


S3Response._bucket_response_get = bucket_response_get
S3Response._bucket_response_put = bucket_response_put
