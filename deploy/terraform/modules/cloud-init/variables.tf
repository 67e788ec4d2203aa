# SPDX-License-Identifier: Apache-2.0

variable "api_host" {
  description = "DNS name of the API, as in its certificate; users and hypervisors connect to it on port 443."
  type        = string

  validation {
    condition     = can(regex("^([a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?\\.)+[a-z]([a-z0-9-]*[a-z0-9])?$", var.api_host))
    error_message = "api_host must be a DNS name in small letters, such as errand.example.net."
  }
}

variable "control_nodes" {
  description = "Machines with API and scheduler: name => address in the private network."
  type        = map(string)

  validation {
    condition     = length(var.control_nodes) >= 1
    error_message = "control_nodes must name at least one machine."
  }
  validation {
    condition     = alltrue([for name, address in var.control_nodes : can(regex("^[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?$", name))])
    error_message = "control_nodes must have host names of a-z, 0-9 and hyphens."
  }
  validation {
    condition     = alltrue([for address in values(var.control_nodes) : can(cidrhost("${address}/32", 0))])
    error_message = "control_nodes must have an IPv4 address each."
  }
  validation {
    condition     = length(distinct(values(var.control_nodes))) == length(var.control_nodes)
    error_message = "control_nodes must have different addresses."
  }
}

variable "hypervisors" {
  description = "Machines that run containers: name => region of Errand, labels, and what of the machine runs may have (0 = all but a reserve)."
  type = map(object({
    region       = optional(string, "local")
    labels       = optional(map(string), {})
    mem_total_mb = optional(number, 0)
    cpu          = optional(number, 0)
  }))
  default = {}

  validation {
    condition     = alltrue([for name in keys(var.hypervisors) : can(regex("^[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?$", name))])
    error_message = "hypervisors must have host names of a-z, 0-9 and hyphens."
  }
  validation {
    condition = alltrue(flatten([for h in values(var.hypervisors) : [
      for key, value in h.labels : can(regex("^[^=,[:cntrl:]]{1,63}$", key)) && can(regex("^[^,[:cntrl:]]{0,255}$", value))
    ]]))
    error_message = "labels of hypervisors must have keys of 1 to 63 and values of at most 255 characters, without commas."
  }
  validation {
    condition     = alltrue([for h in values(var.hypervisors) : h.mem_total_mb >= 0 && h.cpu >= 0 && floor(h.mem_total_mb) == h.mem_total_mb && floor(h.cpu) == h.cpu])
    error_message = "mem_total_mb and cpu of hypervisors must be whole numbers, 0 or more."
  }
}

variable "packages" {
  description = "Where the Debian packages are: URLs of errand-server and errand-agent with their SHA-256 sums."
  type = object({
    server = object({ url = string, sha256 = string })
    agent  = object({ url = string, sha256 = string })
  })

  validation {
    condition     = alltrue([for p in values(var.packages) : can(regex("^https?://[^ '\"]+\\.deb$", p.url))])
    error_message = "packages must have http(s) URLs that end in .deb."
  }
  validation {
    condition     = alltrue([for p in values(var.packages) : can(regex("^[0-9a-f]{64}$", p.sha256))])
    error_message = "packages must have SHA-256 sums of 64 hexadecimal digits (sha256sum FILE)."
  }
}

variable "database" {
  description = <<-TEXT
    Where PostgreSQL is. kind "local": on the only control node. kind "node": on a machine of its own,
    whose user data this module renders; address is its one in the private network. kind "external":
    one you have; urls are libpq connection strings without passwords for each role.
  TEXT
  type = object({
    kind    = string
    address = optional(string)
    urls    = optional(object({ owner = string, api = string, scheduler = string }))
  })
  default = { kind = "local" }

  validation {
    condition     = contains(["local", "node", "external"], var.database.kind)
    error_message = "database.kind must be local, node or external."
  }
  validation {
    condition     = var.database.kind != "node" || can(cidrhost("${var.database.address}/32", 0))
    error_message = "database.address must be the IPv4 address of the database node."
  }
  validation {
    condition = var.database.kind != "external" || try(alltrue([
      for url in values(var.database.urls) : can(regex("^postgres(ql)?://[^:@/ ]+@[^ ]+$", url))
    ]), false)
    error_message = "database.urls must have owner, api and scheduler, each like postgresql://ROLE@HOST/NAME?sslmode=verify-full; passwords go into secrets."
  }
}

variable "secrets" {
  description = "What scripts/secrets.sh makes: certificates, key ring, join token, passwords. All of it ends up in user data."
  type = object({
    ca_certificate = string
    certificate    = string
    private_key    = string
    key_ring       = string
    join_token     = string
    admin_token    = string
    database_passwords = object({
      owner     = string
      api       = string
      scheduler = string
    })
  })
  sensitive = true

  validation {
    condition     = startswith(var.secrets.ca_certificate, "-----BEGIN CERTIFICATE-----") && startswith(var.secrets.certificate, "-----BEGIN CERTIFICATE-----")
    error_message = "secrets.ca_certificate and secrets.certificate must be PEM certificates."
  }
  validation {
    condition     = can(regex("^-----BEGIN (EC |RSA )?PRIVATE KEY-----", var.secrets.private_key))
    error_message = "secrets.private_key must be a PEM key without a passphrase."
  }
  validation {
    condition     = can(jsondecode(var.secrets.key_ring).keys[jsondecode(var.secrets.key_ring).current])
    error_message = "secrets.key_ring must be a key ring as errand-api keys init makes one."
  }
  validation {
    condition     = can(regex("^err_j_[A-Za-z0-9_-]{43}$", var.secrets.join_token)) && can(regex("^err_u_[A-Za-z0-9_-]{43}$", var.secrets.admin_token))
    error_message = "secrets.join_token must be err_j_ and secrets.admin_token err_u_ with 43 characters of base64url behind."
  }
  validation {
    condition     = alltrue([for p in values(var.secrets.database_passwords) : can(regex("^[A-Za-z0-9_-]{20,}$", p))])
    error_message = "secrets.database_passwords must have at least 20 characters of A-Z, a-z, 0-9, - and _."
  }
}

variable "private_cidr" {
  description = "The private network of all machines, for the firewall and for PostgreSQL."
  type        = string

  validation {
    condition     = can(cidrhost(var.private_cidr, 1)) && !can(regex("/0$", var.private_cidr))
    error_message = "private_cidr must be a network such as 10.40.0.0/16."
  }
}

variable "api_cidrs" {
  description = "Who may reach the API from outside."
  type        = list(string)
  default     = ["0.0.0.0/0"]

  validation {
    condition     = alltrue([for cidr in var.api_cidrs : can(cidrhost(cidr, 0))])
    error_message = "api_cidrs must be networks such as 203.0.113.0/24."
  }
}

variable "ssh_cidrs" {
  description = "Who may reach SSH of the machines; none by default."
  type        = list(string)
  default     = []

  validation {
    condition     = alltrue([for cidr in var.ssh_cidrs : can(cidrhost(cidr, 0))])
    error_message = "ssh_cidrs must be networks such as 203.0.113.7/32."
  }
  validation {
    condition     = !contains(var.ssh_cidrs, "0.0.0.0/0")
    error_message = "ssh_cidrs must not be the whole internet: name the networks you come from."
  }
}

variable "container_subnet" {
  description = "IPv4 addresses of containers on each hypervisor; must not overlap private_cidr."
  type        = string
  default     = "10.213.0.0/16"

  validation {
    condition     = can(cidrhost(var.container_subnet, 1)) && can(regex("/(8|9|1[0-9]|2[0-8])$", var.container_subnet))
    error_message = "container_subnet must be a network with a prefix of 8 to 28."
  }
}
