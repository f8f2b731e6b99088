"""Mends of DynamoDB.

Sources: the Amazon DynamoDB API reference 2012-08-10 (CreateTable, UpdateTable, OnDemandThroughput, StreamSpecification,
UpdateTimeToLive).
"""

import copy

from moto.dynamodb.models import DynamoDBBackend
from moto.dynamodb.models.table import GlobalSecondaryIndex, Table
from moto.dynamodb.responses import DynamoHandler, DynamoResult

UNITS = {"ReadCapacityUnits": 0, "WriteCapacityUnits": 0}

# --- settings --------------------------------------------------------------------------------------
# UpdateTable forgets encryption, class and on-demand limits; CreateTable the latter two.

moto_create_table = DynamoHandler.create_table
moto_update_table = DynamoHandler.update_table
moto_describe = Table.describe
moto_index_describe = GlobalSecondaryIndex.describe
moto_index_create = GlobalSecondaryIndex.create


def note(table, body):
    """Keeps what moto drops of a request."""
    if "TableClass" in body:
        table.table_class = body["TableClass"]
    if "OnDemandThroughput" in body:
        table.on_demand = body["OnDemandThroughput"]
    if "SSESpecification" in body:
        specification = dict(body["SSESpecification"])
        if specification.get("Enabled") and "KMSMasterKeyId" not in specification:
            specification["KMSMasterKeyId"] = table._get_default_encryption_key(table.account_id, table.region_name)
        table.sse_specification = specification


def create_table(self):
    moto_create_table(self)
    table = self.dynamodb_backend.get_table(self.body["TableName"])
    note(table, self.body)
    return answer(table)


def update_table(self):
    body = self.body
    moto_update_table(self)
    table = self.dynamodb_backend.get_table(body["TableName"])
    note(table, body)
    # An on-demand table has no capacities, nor have its indexes.
    if body.get("BillingMode") == "PAY_PER_REQUEST":
        for one in [table, *table.global_indexes]:
            one.throughput = {**one.throughput, **UNITS}
    if body.get("BillingMode") == "PROVISIONED":
        table.on_demand = None
    for update in body.get("GlobalSecondaryIndexUpdates") or []:
        change = update.get("Update") or {}
        for index in table.global_indexes:
            if index.name == change.get("IndexName") and "OnDemandThroughput" in change:
                index.on_demand = change["OnDemandThroughput"]
    return answer(table)


def answer(table):
    return DynamoResult(table.describe())


def describe(self, base_key="TableDescription"):
    description = moto_describe(self, base_key)
    table = description[base_key]
    if getattr(self, "table_class", None):
        table["TableClassSummary"] = {"TableClass": self.table_class}
    if getattr(self, "on_demand", None):
        table["OnDemandThroughput"] = self.on_demand
    return description


def index_describe(self):
    description = moto_index_describe(self)
    if getattr(self, "on_demand", None):
        description["OnDemandThroughput"] = self.on_demand
    return description


def index_create(dct, table_key_attrs):
    index = moto_index_create(copy.deepcopy(dct), table_key_attrs)
    index.on_demand = dct.get("OnDemandThroughput")
    return index


DynamoHandler.create_table = create_table
DynamoHandler.update_table = update_table
Table.describe = describe
GlobalSecondaryIndex.describe = index_describe
GlobalSecondaryIndex.create = staticmethod(index_create)


# --- streams ---------------------------------------------------------------------------------------
# A stream that was switched off cannot be switched on again: the label of the last one stands in the way. Until then,
# what is stored breaks on records for a stream without a view.

moto_update_streams = DynamoDBBackend.update_table_streams


def update_table_streams(self, table, stream_specification):
    if not (table.stream_specification or {}).get("StreamEnabled"):
        table.latest_stream_label = None
    moto_update_streams(self, table, stream_specification)
    if not table.stream_specification["StreamEnabled"]:
        table.stream_shard = None


DynamoDBBackend.update_table_streams = update_table_streams


# --- tags ------------------------------------------------------------------------------------------
# A tag that is set anew stands beside the old one.

moto_tag_resource = DynamoDBBackend.tag_resource


def tag_resource(self, arn, tags):
    for table in self.tables.values():
        if table.table_arn == arn:
            table.tags = [tag for tag in table.tags if tag["Key"] not in tags]
    moto_tag_resource(self, arn, tags)


DynamoDBBackend.tag_resource = tag_resource
