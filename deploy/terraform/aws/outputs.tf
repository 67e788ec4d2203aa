# SPDX-License-Identifier: Apache-2.0

output "api_url" {
  description = "For errand login."
  value       = module.cloud_init.api_url
}

output "control_addresses" {
  description = "What api_host must resolve to."
  value       = [for address in aws_eip.control : address.public_ip]
}

output "machines" {
  description = "Private address of each machine."
  value       = { for name, instance in aws_instance.errand : name => instance.private_ip }
}
