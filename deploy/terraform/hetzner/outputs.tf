# SPDX-License-Identifier: Apache-2.0

output "api_url" {
  description = "For errand login."
  value       = module.cloud_init.api_url
}

output "control_addresses" {
  description = "What api_host must resolve to."
  value       = [for name in keys(local.control_nodes) : hcloud_server.errand[name].ipv4_address]
}

output "machines" {
  description = "Public address of each machine, for SSH."
  value       = { for name, server in hcloud_server.errand : name => server.ipv4_address }
}
