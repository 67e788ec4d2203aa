# SPDX-License-Identifier: Apache-2.0

output "user_data" {
  description = "cloud-init of each machine: name => text that begins with #cloud-config. The database node is called database."
  value       = local.user_data
  sensitive   = true

  precondition {
    condition     = var.database.kind != "local" || length(var.control_nodes) == 1
    error_message = "database.kind must be node or external with more than one control node: they share one database."
  }
  precondition {
    condition     = length(setintersection(keys(var.control_nodes), keys(var.hypervisors))) == 0 && !contains(concat(keys(var.control_nodes), keys(var.hypervisors)), "database")
    error_message = "control_nodes and hypervisors must have different names, and none may be called database."
  }
  precondition {
    condition     = alltrue([for text in values(local.user_data) : length(text) <= 16384])
    error_message = "user data of a machine must not be longer than 16 KiB: secrets.certificate or a label is too long."
  }
}

output "firewall" {
  description = "What each kind of machine must let in: control, hypervisor, database => [{protocol, port, sources, what}]. Anything may go out."
  value       = local.firewall
}

output "api_url" {
  description = "For users, for errand login and for agents."
  value       = "https://${var.api_host}"
}

output "database_volume_path" {
  description = "What to back up, and where a disk of its own belongs, on the machine with PostgreSQL."
  value       = var.database.kind == "external" ? null : "/var/lib/postgresql"
}
