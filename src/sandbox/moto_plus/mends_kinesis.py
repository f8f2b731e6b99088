"""Mends of Kinesis Data Streams."""

from moto.kinesis.responses import KinesisResponse

# --- Kinesis ---------------------------------------------------------------------------------------
# CreateStream drops its tags.

moto_create_stream = KinesisResponse.create_stream


def create_stream(self):
    answer = moto_create_stream(self)
    tags = self._get_param("Tags")
    if tags:
        self.kinesis_backend.add_tags_to_stream(None, self._get_param("StreamName"), tags)
    return answer


KinesisResponse.create_stream = create_stream
