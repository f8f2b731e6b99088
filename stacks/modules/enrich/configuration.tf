# The Iglu resolver (which says where schemas are found) and the enrichments lie in a table that
# instances read when they start.

locals {
  resolver_key          = "snowplow_resolver"
  enrichment_key_prefix = "snowplow_enrichment_"

  # With registries of your own the resolver is made here, else the file is taken as it is. Either
  # way it is a JSON string that holds JSON, as the table stores it.
  default_resolver = jsonencode(file("${path.module}/templates/iglu-resolver.json"))
  own_registries = [for registry in var.schema_registries : {
    name           = registry.name
    priority       = registry.priority
    vendorPrefixes = registry.vendor_prefixes
    connection = {
      http = { for key, value in { uri = registry.uri, apikey = registry.api_key } : key => value if value != "" }
    }
  }]
  resolver_object = jsondecode(file("${path.module}/templates/iglu-resolver.json"))
  merged_resolver = jsonencode(jsonencode({
    schema = local.resolver_object.schema
    data = merge(local.resolver_object.data, {
      repositories = concat(local.own_registries, local.resolver_object.data.repositories)
    })
  }))
  resolver = length(var.schema_registries) > 0 ? local.merged_resolver : local.default_resolver

  default_enrichments = {
    for file_name in fileset("${path.module}/templates/enrichments", "*.json") :
    trimsuffix(file_name, ".json") => jsonencode(file("${path.module}/templates/enrichments/${file_name}"))
  }
  enrichments = merge(
    local.default_enrichments,
    { for name, configuration in var.enrichments : name => jsonencode(configuration) },
  )

  # Named by its items, so that no instance starts before the table is filled.
  configuration_table = one(distinct(concat(
    [aws_dynamodb_table_item.resolver.table_name],
    values(aws_dynamodb_table_item.enrichment)[*].table_name,
  )))

  # Part of the user data, so that a change of any of these replaces the instances.
  configuration_hash = md5(jsonencode([local.resolver, local.enrichments]))
}

# Read only when instances start, so it needs little; ten units let many start at once.
module "configuration" {
  source = "../dynamodb-table"

  name     = "${var.name}-config"
  hash_key = "id"
  tags     = module.base.tags

  capacity = {
    read_min  = 1
    read_max  = 10
    write_min = 1
    write_max = 10
  }
}

resource "aws_dynamodb_table_item" "resolver" {
  table_name = module.configuration.name
  hash_key   = module.configuration.hash_key

  item = <<-JSON
    {
      "id": {"S": "${local.resolver_key}"},
      "json": {"S": ${local.resolver}}
    }
  JSON
}

resource "aws_dynamodb_table_item" "enrichment" {
  for_each = local.enrichments

  table_name = module.configuration.name
  hash_key   = module.configuration.hash_key

  item = <<-JSON
    {
      "id": {"S": "${local.enrichment_key_prefix}${each.key}"},
      "json": {"S": ${each.value}}
    }
  JSON
}
