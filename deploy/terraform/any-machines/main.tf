# SPDX-License-Identifier: Apache-2.0
#
# The user data of machines that something else makes:
#   terraform apply && terraform output -json user_data | jq -r .hv1 >hv1.yaml

terraform {
  required_version = ">= 1.5"
}

variable "api_host" {
  description = "DNS name of the API."
  type        = string
}

variable "packages" {
  description = "URLs and SHA-256 sums of the Debian packages; see modules/cloud-init."
  type = object({
    server = object({ url = string, sha256 = string })
    agent  = object({ url = string, sha256 = string })
  })
}

variable "secrets" {
  description = "What ../secrets.sh makes."
  type = object({
    ca_certificate     = string
    certificate        = string
    private_key        = string
    key_ring           = string
    join_token         = string
    admin_token        = string
    database_passwords = object({ owner = string, api = string, scheduler = string })
  })
  sensitive = true
}

variable "control_nodes" {
  description = "Machines with API and scheduler: name => private address."
  type        = map(string)
}

variable "hypervisors" {
  description = "Machines that run containers; see modules/cloud-init."
  type        = any
}

variable "database" {
  description = "Where PostgreSQL is; see modules/cloud-init."
  type        = any
  default     = { kind = "local" }
}

variable "private_cidr" {
  description = "The private network of all machines."
  type        = string
}

module "machines" {
  source        = "../modules/cloud-init"
  api_host      = var.api_host
  packages      = var.packages
  secrets       = var.secrets
  control_nodes = var.control_nodes
  hypervisors   = var.hypervisors
  database      = var.database
  private_cidr  = var.private_cidr
}

output "user_data" {
  description = "Name of the machine => text for cloud-init."
  value       = module.machines.user_data
  sensitive   = true
}

output "firewall" {
  description = "What each kind of machine must let in."
  value       = module.machines.firewall
}

output "api_url" {
  description = "For errand login."
  value       = module.machines.api_url
}
