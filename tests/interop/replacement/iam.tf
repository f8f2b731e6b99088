# Identities: what another value of each argument means.

resource "aws_iam_role" "forced" {
  name                  = "old"   #~ "new"
  path                  = "/old/" #~ "/new/"
  force_detach_policies = true    #~ false
  assume_role_policy    = jsonencode({ Version = "2012-10-17", Statement = [] })
}

resource "aws_iam_role" "prefixed" {
  name_prefix        = "old-" #~ "new-"
  assume_role_policy = jsonencode({ Version = "2012-10-17", Statement = [] })
}

resource "aws_iam_role" "updated" {
  name                  = "same"
  description           = "old"   #~ -
  force_detach_policies = true #~ false
  max_session_duration  = 3600 #~ 7200
  assume_role_policy    = jsonencode({ Version = "2012-10-17", Statement = [] })
}

resource "aws_iam_role" "named_by_aws" {
  name               = "old" #~ -
  path               = "/old/" #~ -
  assume_role_policy = jsonencode({ Version = "2012-10-17", Statement = [] })
}

resource "aws_iam_policy" "forced" {
  name        = "old"   #~ "new"
  path        = "/old/" #~ "/new/"
  description = "old"   #~ "new"
  policy      = jsonencode({ Version = "2012-10-17", Statement = [] })
}

resource "aws_iam_policy" "prefixed" {
  name_prefix = "old-" #~ "new-"
  description = "old"  #~ -
  policy      = jsonencode({ Version = "2012-10-17", Statement = [] })
}

resource "aws_iam_role_policy" "forced" {
  name   = "old" #~ "new"
  role   = "old" #~ "new"
  policy = jsonencode({ Version = "2012-10-17", Statement = [] })
}

resource "aws_iam_role_policy" "prefixed" {
  name_prefix = "old-" #~ "new-"
  role        = "same"
  policy      = jsonencode({ Version = "2012-10-17", Statement = [] })
}

resource "aws_iam_role_policy_attachment" "role" {
  role       = "old" #~ "new"
  policy_arn = "arn:aws:iam::aws:policy/ReadOnlyAccess"
}

resource "aws_iam_role_policy_attachment" "policy" {
  role       = "same"
  policy_arn = "arn:aws:iam::aws:policy/ReadOnlyAccess" #~ "arn:aws:iam::aws:policy/AdministratorAccess"
}

resource "aws_iam_instance_profile" "forced" {
  name = "old"   #~ "new"
  path = "/old/" #~ "/new/"
  role = "old"   #~ "new"
}

resource "aws_iam_instance_profile" "prefixed" {
  name_prefix = "old-" #~ "new-"
}

resource "aws_iam_openid_connect_provider" "forced" {
  url            = "https://old.example.com" #~ "https://new.example.com"
  client_id_list = ["old"]                   #~ ["new"]
}
