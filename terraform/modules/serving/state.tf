# The state folder of the API: signing keys, heads of the audit. Answers are not in it, so a small file system will do.

resource "aws_efs_file_system" "state" {
  creation_token   = var.name
  encrypted        = true
  kms_key_id       = var.key_arns.data
  throughput_mode  = "elastic"
  performance_mode = "generalPurpose"

  tags = { Name = "${var.name}-state" }
}

resource "aws_efs_backup_policy" "state" {
  file_system_id = aws_efs_file_system.state.id

  backup_policy {
    status = "ENABLED"
  }
}

resource "aws_efs_mount_target" "state" {
  count = length(var.subnet_ids)

  file_system_id  = aws_efs_file_system.state.id
  subnet_id       = var.subnet_ids[count.index]
  security_groups = [var.security_group_ids["state"]]
}

resource "aws_efs_access_point" "state" {
  file_system_id = aws_efs_file_system.state.id

  posix_user {
    uid = 10001
    gid = 10001
  }

  root_directory {
    path = "/state"

    creation_info {
      owner_uid   = 10001
      owner_gid   = 10001
      permissions = "0700"
    }
  }
}

resource "aws_efs_file_system_policy" "state" {
  file_system_id = aws_efs_file_system.state.id

  policy = jsonencode({
    Version = "2012-10-17"
    Statement = [
      {
        Sid       = "TlsOnly"
        Effect    = "Deny"
        Action    = "*" # a Deny: the wider the better
        Principal = { AWS = "*" }
        Resource  = aws_efs_file_system.state.arn
        Condition = { Bool = { "aws:SecureTransport" = "false" } }
      },
      {
        Sid       = "Api"
        Effect    = "Allow"
        Action    = ["elasticfilesystem:ClientMount", "elasticfilesystem:ClientWrite"]
        Principal = { AWS = aws_iam_role.task.arn }
        Resource  = aws_efs_file_system.state.arn
        Condition = { StringEquals = { "elasticfilesystem:AccessPointArn" = aws_efs_access_point.state.arn } }
      },
    ]
  })
}
