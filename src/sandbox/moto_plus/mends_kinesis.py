"""Mends of Kinesis Data Streams.

Sources: the Amazon Kinesis Data Streams API reference 2013-12-02 (CreateStream, DeleteStream, TagResource,
UpdateShardCount).
"""

from moto.core.exceptions import JsonRESTError
from moto.core.responses import ActionResult, EmptyResult
from moto.kinesis.exceptions import InvalidArgumentError, ResourceInUseError
from moto.kinesis.models import KinesisBackend
from moto.kinesis.responses import KinesisResponse

# --- creating --------------------------------------------------------------------------------------
# moto drops the tags, and breaks on a provisioned stream without a number of shards.

moto_create_stream = KinesisResponse.create_stream


def create_stream(self):
    mode = (self._get_param("StreamModeDetails") or {}).get("StreamMode")
    if mode != "ON_DEMAND" and not self._get_param("ShardCount"):
        raise InvalidArgumentError("ShardCount is required for a stream in PROVISIONED mode.")
    answer = moto_create_stream(self)
    tags = self._get_param("Tags")
    if tags:
        self.kinesis_backend.add_tags_to_stream(None, self._get_param("StreamName"), tags)
    return answer


KinesisResponse.create_stream = create_stream


# --- tags ------------------------------------------------------------------------------------------
# The operations that name a stream by its ARN are missing.


def tag_resource(self):
    tags = self._get_param("Tags") or {}
    self.kinesis_backend.add_tags_to_stream(self._get_param("ResourceARN"), None, tags)
    return EmptyResult()


def untag_resource(self):
    keys = self._get_param("TagKeys") or []
    self.kinesis_backend.remove_tags_from_stream(self._get_param("ResourceARN"), None, keys)
    return EmptyResult()


def list_tags_for_resource(self):
    stream = self.kinesis_backend.describe_stream(self._get_param("ResourceARN"), None)
    return ActionResult({"Tags": [{"Key": key, "Value": stream.tags[key]} for key in sorted(stream.tags)]})


KinesisResponse.tag_resource = tag_resource
KinesisResponse.untag_resource = untag_resource
KinesisResponse.list_tags_for_resource = list_tags_for_resource


# --- limits ----------------------------------------------------------------------------------------
# One UpdateShardCount at most doubles or halves the shards. A stream with consumers is deleted only if
# the request says so.

moto_update_shard_count = KinesisBackend.update_shard_count
moto_delete_stream = KinesisResponse.delete_stream


def update_shard_count(self, stream_arn, stream_name, target_shard_count):
    stream = self.describe_stream(stream_arn=stream_arn, stream_name=stream_name)
    current = sum(1 for shard in stream.shards.values() if shard.is_open)
    if stream.stream_mode.get("StreamMode") != "ON_DEMAND" and not current <= 2 * target_shard_count <= 4 * current:
        message = (
            f"UpdateShardCount cannot scale stream {stream.stream_name} from {current} to {target_shard_count} "
            "shards: a call may at most double or halve them."
        )
        raise JsonRESTError("LimitExceededException", message)
    return moto_update_shard_count(self, stream_arn, stream_name, target_shard_count)


def delete_stream(self):
    stream = self.kinesis_backend.describe_stream(self._get_param("StreamARN"), self._get_param("StreamName"))
    if stream.consumers and not self._get_param("EnforceConsumerDeletion"):
        raise ResourceInUseError(f"Stream {stream.stream_name} has registered consumers.")
    return moto_delete_stream(self)


KinesisBackend.update_shard_count = update_shard_count
KinesisResponse.delete_stream = delete_stream
