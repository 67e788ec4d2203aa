# SPDX-License-Identifier: Apache-2.0
#
# Errand at Hetzner Cloud. The token comes from the environment: HCLOUD_TOKEN.

terraform {
  required_version = ">= 1.5"
  required_providers {
    hcloud = {
      source  = "hetznercloud/hcloud"
      version = "~> 1.48"
    }
  }
}

provider "hcloud" {}

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

resource "hcloud_network" "errand" {
  name     = "errand"
  ip_range = var.private_cidr
}

resource "hcloud_network_subnet" "errand" {
  network_id   = hcloud_network.errand.id
  type         = "cloud"
  network_zone = var.network_zone
  ip_range     = local.subnet
}

# What goes on inside the private network passes no firewall here; PostgreSQL has its own rules for it.
resource "hcloud_firewall" "errand" {
  for_each = module.cloud_init.firewall
  name     = "errand-${each.key}"

  dynamic "rule" {
    for_each = each.value
    content {
      direction   = "in"
      protocol    = rule.value.protocol
      port        = tostring(rule.value.port)
      source_ips  = rule.value.sources
      description = rule.value.what
    }
  }
}

resource "hcloud_server" "errand" {
  for_each     = local.machines
  name         = each.key
  server_type  = each.value.type
  image        = "debian-12"
  location     = var.location
  ssh_keys     = var.ssh_keys
  user_data    = module.cloud_init.user_data[each.key]
  firewall_ids = [hcloud_firewall.errand[each.value.kind].id]
  labels       = { errand = each.value.kind }

  network {
    network_id = hcloud_network.errand.id
    ip         = each.value.address
    alias_ips  = []
  }

  # the network can be joined once it has its subnet
  depends_on = [hcloud_network_subnet.errand]

  lifecycle {
    ignore_changes = [user_data, image, ssh_keys]
  }
}
