# SPDX-License-Identifier: Apache-2.0
#
# Errand at AWS. Credentials come from the environment or the AWS configuration.

terraform {
  required_version = ">= 1.5"
  required_providers {
    aws = {
      source  = "hashicorp/aws"
      version = ">= 5.0"
    }
  }
}

provider "aws" {
  region = var.aws_region

  default_tags {
    tags = { Application = "errand" }
  }
}

locals {
  subnet        = cidrsubnet(var.private_cidr, 4, 1)
  has_database  = var.control_count > 1
  control_nodes = { for i in range(var.control_count) : "control${i + 1}" => cidrhost(local.subnet, 10 + i) }
  hypervisors   = { for i in range(var.hypervisor_count) : "hv${i + 1}" => cidrhost(local.subnet, 50 + i) }
  database      = local.has_database ? { database = cidrhost(local.subnet, 5) } : {}

  machines = merge(
    { for name, address in local.control_nodes : name => { kind = "control", address = address, type = var.control_type } },
    { for name, address in local.hypervisors : name => { kind = "hypervisor", address = address, type = var.hypervisor_type } },
    { for name, address in local.database : name => { kind = "database", address = address, type = var.control_type } },
  )

  # one rule a source
  ingress = merge([for kind, rules in module.cloud_init.firewall : merge([for rule in rules : {
    for source in rule.sources : "${kind}-${rule.port}-${source}" => merge(rule, { kind = kind, source = source })
  }]...)]...)
}

module "cloud_init" {
  source        = "../modules/cloud-init"
  api_host      = var.api_host
  packages      = var.packages
  secrets       = var.secrets
  control_nodes = local.control_nodes
  hypervisors   = { for name in keys(local.hypervisors) : name => {} }
  database      = local.has_database ? { kind = "node", address = local.database.database } : { kind = "local" }
  private_cidr  = var.private_cidr
  api_cidrs     = var.api_cidrs
  ssh_cidrs     = var.ssh_cidrs
}

# Debian's own images
data "aws_ami" "debian" {
  owners      = ["136693071363"]
  most_recent = true

  filter {
    name   = "name"
    values = ["debian-12-amd64-*"]
  }
}

resource "aws_vpc" "errand" {
  cidr_block           = var.private_cidr
  enable_dns_hostnames = true
}

resource "aws_internet_gateway" "errand" {
  vpc_id = aws_vpc.errand.id
}

resource "aws_subnet" "errand" {
  vpc_id     = aws_vpc.errand.id
  cidr_block = local.subnet
}

resource "aws_route_table" "errand" {
  vpc_id = aws_vpc.errand.id

  route {
    cidr_block = "0.0.0.0/0"
    gateway_id = aws_internet_gateway.errand.id
  }
}

resource "aws_route_table_association" "errand" {
  subnet_id      = aws_subnet.errand.id
  route_table_id = aws_route_table.errand.id
}

resource "aws_security_group" "errand" {
  for_each    = module.cloud_init.firewall
  name        = "errand-${each.key}"
  description = "Errand ${each.key}"
  vpc_id      = aws_vpc.errand.id
}

resource "aws_vpc_security_group_ingress_rule" "errand" {
  for_each          = local.ingress
  security_group_id = aws_security_group.errand[each.value.kind].id
  ip_protocol       = each.value.protocol
  from_port         = each.value.port
  to_port           = each.value.port
  cidr_ipv4         = each.value.source
  description       = each.value.what
}

resource "aws_vpc_security_group_egress_rule" "errand" {
  for_each          = aws_security_group.errand
  security_group_id = each.value.id
  ip_protocol       = "-1"
  cidr_ipv4         = "0.0.0.0/0"
}

resource "aws_instance" "errand" {
  for_each                    = local.machines
  ami                         = data.aws_ami.debian.id
  instance_type               = each.value.type
  subnet_id                   = aws_subnet.errand.id
  private_ip                  = each.value.address
  associate_public_ip_address = true
  vpc_security_group_ids      = [aws_security_group.errand[each.value.kind].id]
  key_name                    = var.ssh_key_name
  user_data                   = module.cloud_init.user_data[each.key]
  user_data_replace_on_change = false
  tags                        = { Name = each.key, Kind = each.value.kind }

  # user data has secrets: only the machine itself may ask for it
  metadata_options {
    http_tokens                 = "required"
    http_put_response_hop_limit = 1
  }

  root_block_device {
    volume_type = "gp3"
    volume_size = var.disk_gb
    encrypted   = true
  }

  # the setup fetches packages: there has to be a way out
  depends_on = [aws_route_table_association.errand]

  lifecycle {
    ignore_changes = [ami, user_data]
  }
}

# A control node keeps its address when it is stopped and started: names point at it.
resource "aws_eip" "control" {
  for_each = local.control_nodes
  instance = aws_instance.errand[each.key].id
  domain   = "vpc"
}
