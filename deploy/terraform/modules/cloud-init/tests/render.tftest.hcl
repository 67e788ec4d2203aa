# SPDX-License-Identifier: Apache-2.0

variables {
  api_host      = "errand.example.net"
  private_cidr  = "10.40.0.0/16"
  control_nodes = { control1 = "10.40.1.10" }
  hypervisors   = { hv1 = {}, hv2 = { region = "west", labels = { disk = "ssd", zone = "a" }, mem_total_mb = 2048 } }
  packages = {
    server = { url = "https://packages.example.net/errand-server.deb", sha256 = "1111111111111111111111111111111111111111111111111111111111111111" }
    agent  = { url = "https://packages.example.net/errand-agent.deb", sha256 = "2222222222222222222222222222222222222222222222222222222222222222" }
  }
  secrets = {
    ca_certificate     = "-----BEGIN CERTIFICATE-----\nca\n-----END CERTIFICATE-----\n"
    certificate        = "-----BEGIN CERTIFICATE-----\napi\n-----END CERTIFICATE-----\n"
    private_key        = "-----BEGIN PRIVATE KEY-----\nkey\n-----END PRIVATE KEY-----\n"
    key_ring           = "{\"version\":1,\"current\":\"k1\",\"token_key\":\"a\",\"keys\":{\"k1\":\"b\"}}"
    join_token         = "err_j_0123456789012345678901234567890123456789012"
    admin_token        = "err_u_0123456789012345678901234567890123456789012"
    database_passwords = { owner = "owner-password-0123456789", api = "api-password-0123456789", scheduler = "scheduler-password-0123456789" }
  }
}

run "one_control_node" {
  command = plan

  assert {
    condition     = join(" ", keys(output.user_data)) == "control1 hv1 hv2"
    error_message = "one text a machine"
  }
  assert {
    condition     = alltrue([for text in values(output.user_data) : startswith(text, "#cloud-config\n")])
    error_message = "cloud-init knows its own by the first line"
  }
  assert {
    condition     = alltrue([for text in values(output.user_data) : length(distinct([for f in yamldecode(text).write_files : f.path])) == length(yamldecode(text).write_files)])
    error_message = "no file is written twice"
  }
  assert {
    condition = alltrue(flatten([for text in values(output.user_data) : [
      for f in yamldecode(text).write_files : contains(["0600", "0640", "0700"], f.permissions) if can(regex("PRIVATE KEY|err_[ju]_|password|token_key", f.content))
    ]]))
    error_message = "nobody else reads what holds a secret"
  }
  assert {
    condition     = length(output.firewall.hypervisor) == 0
    error_message = "nothing reaches a hypervisor"
  }
  assert {
    condition     = output.api_url == "https://errand.example.net"
    error_message = "where the API is"
  }
}

run "a_hypervisor_holds_no_secret_of_the_control_plane" {
  command = plan

  assert {
    condition     = alltrue([for name in ["hv1", "hv2"] : !can(regex("PRIVATE KEY|err_u_|token_key|password-0123", output.user_data[name]))])
    error_message = "a hypervisor gets the join token and nothing else"
  }
  assert {
    condition     = strcontains(output.user_data["hv2"], "labels = disk=ssd,zone=a") && strcontains(output.user_data["hv2"], "region = west") && strcontains(output.user_data["hv2"], "mem_total_mb = 2048")
    error_message = "settings of a hypervisor arrive"
  }
  assert {
    condition     = !strcontains(output.user_data["hv1"], "labels =")
    error_message = "no empty setting"
  }
}

run "a_database_node" {
  command = plan
  variables {
    control_nodes = { control1 = "10.40.1.10", control2 = "10.40.1.11" }
    database      = { kind = "node", address = "10.40.1.5" }
    ssh_cidrs     = ["203.0.113.7/32"]
  }

  assert {
    condition     = strcontains(output.user_data["database"], "listen_addresses = 'localhost,10.40.1.5'")
    error_message = "PostgreSQL listens in the private network"
  }
  assert {
    condition     = output.firewall.database[0].sources == ["10.40.1.10/32", "10.40.1.11/32"]
    error_message = "PostgreSQL is for control nodes"
  }
  assert {
    condition     = length([for text in values(output.user_data) : text if strcontains(text, "token create")]) == 1
    error_message = "one control node stores the tokens"
  }
  assert {
    condition     = strcontains(output.user_data["control2"], "host=10.40.1.5 dbname=errand user=errand_api sslmode=verify-ca")
    error_message = "control nodes find the database, encrypted"
  }
  assert {
    condition     = [for rule in output.firewall.hypervisor : "${rule.port} ${join(",", rule.sources)}"] == ["22 203.0.113.7/32"]
    error_message = "SSH only from where it was allowed"
  }
}

run "a_database_of_yours" {
  command = plan
  variables {
    database = { kind = "external", urls = {
      owner     = "postgresql://errand_owner@db.example.net/errand?sslmode=verify-full"
      api       = "postgresql://errand_api@db.example.net/errand?sslmode=verify-full"
      scheduler = "postgresql://errand_scheduler@db.example.net/errand?sslmode=verify-full"
    } }
  }

  assert {
    condition     = strcontains(output.user_data["control1"], "database_url = postgresql://errand_api@db.example.net/errand?sslmode=verify-full") && !contains(keys(output.user_data), "database")
    error_message = "the database's own URL, and no machine for it"
  }
  assert {
    condition     = output.database_volume_path == null
    error_message = "nothing of ours to back up"
  }
}

run "refuses_a_name_that_is_none" {
  command = plan
  variables {
    api_host = "https://errand.example.net"
  }
  expect_failures = [var.api_host]
}

run "refuses_an_address_that_is_none" {
  command = plan
  variables {
    control_nodes = { control1 = "10.40.1.300" }
  }
  expect_failures = [var.control_nodes]
}

run "refuses_two_machines_with_one_address" {
  command = plan
  variables {
    control_nodes = { control1 = "10.40.1.10", control2 = "10.40.1.10" }
    database      = { kind = "node", address = "10.40.1.5" }
  }
  expect_failures = [var.control_nodes]
}

run "refuses_a_label_with_a_comma" {
  command = plan
  variables {
    hypervisors = { hv1 = { labels = { zone = "a,b" } } }
  }
  expect_failures = [var.hypervisors]
}

run "refuses_a_package_without_a_sum" {
  command = plan
  variables {
    packages = {
      server = { url = "https://packages.example.net/errand-server.deb", sha256 = "" }
      agent  = { url = "https://packages.example.net/errand-agent.deb", sha256 = "" }
    }
  }
  expect_failures = [var.packages]
}

run "refuses_a_password_in_a_url" {
  command = plan
  variables {
    database = { kind = "external", urls = {
      owner     = "postgresql://errand_owner:secret@db/errand"
      api       = "postgresql://errand_api:secret@db/errand"
      scheduler = "postgresql://errand_scheduler:secret@db/errand"
    } }
  }
  expect_failures = [var.database]
}

run "refuses_a_database_of_yours_without_urls" {
  command = plan
  variables {
    database = { kind = "external" }
  }
  expect_failures = [var.database]
}

run "refuses_two_control_nodes_with_a_database_each" {
  command = plan
  variables {
    control_nodes = { control1 = "10.40.1.10", control2 = "10.40.1.11" }
  }
  expect_failures = [output.user_data]
}

run "refuses_a_hypervisor_called_like_a_control_node" {
  command = plan
  variables {
    hypervisors = { control1 = {} }
  }
  expect_failures = [output.user_data]
}

run "refuses_ssh_from_everywhere" {
  command = plan
  variables {
    ssh_cidrs = ["0.0.0.0/0"]
  }
  expect_failures = [var.ssh_cidrs]
}

run "refuses_a_token_of_the_wrong_kind" {
  command = plan
  variables {
    secrets = {
      ca_certificate     = "-----BEGIN CERTIFICATE-----\nca\n-----END CERTIFICATE-----\n"
      certificate        = "-----BEGIN CERTIFICATE-----\napi\n-----END CERTIFICATE-----\n"
      private_key        = "-----BEGIN PRIVATE KEY-----\nkey\n-----END PRIVATE KEY-----\n"
      key_ring           = "{\"version\":1,\"current\":\"k1\",\"token_key\":\"a\",\"keys\":{\"k1\":\"b\"}}"
      join_token         = "err_u_0123456789012345678901234567890123456789012"
      admin_token        = "err_u_0123456789012345678901234567890123456789012"
      database_passwords = { owner = "owner-password-0123456789", api = "api-password-0123456789", scheduler = "scheduler-password-0123456789" }
    }
  }
  expect_failures = [var.secrets]
}

run "refuses_a_text_that_is_too_long" {
  command = plan
  variables {
    hypervisors = { hv1 = { labels = { for i in range(80) : "label${i}" => join("", [for j in range(50) : "01234"]) } } }
  }
  expect_failures = [output.user_data]
}
