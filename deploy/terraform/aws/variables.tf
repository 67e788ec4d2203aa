# SPDX-License-Identifier: Apache-2.0

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

variable "control_count" {
  description = "Control nodes; with more than one the database has a machine of its own."
  type        = number
  default     = 1

  validation {
    condition     = var.control_count >= 1 && var.control_count <= 9 && floor(var.control_count) == var.control_count
    error_message = "control_count must be 1 to 9."
  }
}

variable "hypervisor_count" {
  description = "Machines that run containers."
  type        = number
  default     = 2

  validation {
    condition     = var.hypervisor_count >= 0 && var.hypervisor_count <= 200 && floor(var.hypervisor_count) == var.hypervisor_count
    error_message = "hypervisor_count must be 0 to 200."
  }
}

variable "ssh_cidrs" {
  description = "Networks that may reach SSH; none by default."
  type        = list(string)
  default     = []
}

variable "api_cidrs" {
  description = "Networks that may reach the API."
  type        = list(string)
  default     = ["0.0.0.0/0"]
}

variable "private_cidr" {
  description = "The private network of the cluster, with a prefix of at most 20."
  type        = string
  default     = "10.40.0.0/16"

  validation {
    condition     = can(cidrhost(var.private_cidr, 1)) && can(regex("/([1-9]|1[0-9]|20)$", var.private_cidr))
    error_message = "private_cidr must be a network such as 10.40.0.0/16."
  }
}

variable "aws_region" {
  description = "Such as eu-central-1."
  type        = string
}

variable "control_type" {
  description = "Instance type of control nodes and database; x86."
  type        = string
  default     = "t3.small"
}

variable "hypervisor_type" {
  description = "Instance type of hypervisors; x86, as the packages are."
  type        = string
  default     = "m6i.large"
}

variable "disk_gb" {
  description = "Root disk of each machine; on hypervisors images and what containers write."
  type        = number
  default     = 40

  validation {
    condition     = var.disk_gb >= 10
    error_message = "disk_gb must be at least 10."
  }
}

variable "ssh_key_name" {
  description = "Name of a key pair of the region; null for none."
  type        = string
  default     = null
}
