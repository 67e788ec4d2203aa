# SPDX-License-Identifier: Apache-2.0

locals {
  # The first one by name makes roles, schema and tokens; the others find them there.
  first_control = sort(keys(var.control_nodes))[0]
  packages      = var.packages

  database_urls = {
    local = {
      owner     = "host=/run/postgresql dbname=errand user=postgres"
      api       = "host=/run/postgresql dbname=errand user=errand_api"
      scheduler = "host=/run/postgresql dbname=errand user=errand_scheduler"
    }
    node = { for role in ["owner", "api", "scheduler"] :
      role => "host=${coalesce(var.database.address, "127.0.0.1")} dbname=errand user=errand_${role} sslmode=verify-ca sslrootcert=/etc/errand/tls/ca.crt"
    }
    external = var.database.urls
  }
  urls = local.database_urls[var.database.kind]
  # libpq takes a password from the environment, so that no URL has to quote one
  passwords = var.database.kind == "local" ? { owner = null, api = null, scheduler = null } : {
    for role, password in var.secrets.database_passwords : role => password
  }

  base_files = [
    { path = "/etc/errand/tls/ca.crt", permissions = "0644", content = var.secrets.ca_certificate },
  ]

  control_files = concat(local.base_files, [
    { path = "/etc/errand/tls/api.crt", permissions = "0644", content = var.secrets.certificate },
    { path = "/etc/errand/tls/api.key", permissions = "0600", content = var.secrets.private_key },
    { path = "/etc/errand/setup/keys.json", permissions = "0600", content = var.secrets.key_ring },
    { path = "/etc/errand/setup/join.token", permissions = "0600", content = "${var.secrets.join_token}\n" },
    { path = "/etc/errand/setup/admin.token", permissions = "0600", content = "${var.secrets.admin_token}\n" },
    {
      path = "/etc/errand/setup/owner.env", permissions = "0600"
      content = join("", concat(
        ["ERRAND_DATABASE_URL='${local.urls.owner}'\n"],
        local.passwords.owner == null ? [] : ["PGPASSWORD='${local.passwords.owner}'\n"],
      ))
    },
    {
      path    = "/etc/errand/api.conf", permissions = "0640"
      content = templatefile("${path.module}/templates/api.conf.tftpl", { url = local.urls.api })
    },
    { path = "/etc/errand/scheduler.conf", permissions = "0640", content = "database_url = ${local.urls.scheduler}\n" },
    ], local.passwords.api == null ? [] : [
    { path = "/etc/errand/api.env", permissions = "0600", content = "PGPASSWORD=${local.passwords.api}\n" },
    { path = "/etc/errand/scheduler.env", permissions = "0600", content = "PGPASSWORD=${local.passwords.scheduler}\n" },
  ])

  agent_files = { for name, h in var.hypervisors : name => concat(local.base_files, [
    { path = "/etc/errand/join.token", permissions = "0600", content = "${var.secrets.join_token}\n" },
    {
      path = "/etc/errand/agent.conf", permissions = "0600"
      content = templatefile("${path.module}/templates/agent.conf.tftpl", {
        api_host = var.api_host, name = name, hypervisor = h, subnet = var.container_subnet
        labels   = join(",", [for key, value in h.labels : "${key}=${value}"])
      })
    },
  ]) }

  database_files = [
    { path = "/etc/errand/tls/db.crt", permissions = "0644", content = var.secrets.certificate },
    { path = "/etc/errand/tls/db.key", permissions = "0600", content = var.secrets.private_key },
    {
      path    = "/etc/errand/setup/roles.sql", permissions = "0600"
      content = templatefile("${path.module}/templates/roles.sql.tftpl", { passwords = var.secrets.database_passwords })
    },
  ]

  setup = {
    control = { for name in keys(var.control_nodes) : name => templatefile("${path.module}/templates/control.sh.tftpl", {
      package = local.packages.server, kind = var.database.kind, is_first = name == local.first_control
    }) }
    agent = { for name in keys(var.hypervisors) : name => templatefile("${path.module}/templates/agent.sh.tftpl", {
      package = local.packages.agent, api_host = var.api_host, addresses = values(var.control_nodes)
    }) }
    database = templatefile("${path.module}/templates/database.sh.tftpl", {
      private_cidr = var.private_cidr, address = coalesce(var.database.address, "127.0.0.1")
    })
  }

  # name => files and the script that makes the machine what it is
  machines = merge(
    { for name in keys(var.control_nodes) : name => { files = local.control_files, setup = local.setup.control[name] } },
    { for name in keys(var.hypervisors) : name => { files = local.agent_files[name], setup = local.setup.agent[name] } },
    var.database.kind == "node" ? { database = { files = local.database_files, setup = local.setup.database } } : {},
  )

  user_data = { for name, machine in local.machines : name => join("\n", ["#cloud-config", yamlencode({
    hostname          = name
    preserve_hostname = false
    manage_etc_hosts  = false # it would take back what the setup adds
    write_files = concat(
      [for f in machine.files : { path = f.path, permissions = f.permissions, owner = "root:root", content = f.content }],
      [{ path = "/etc/errand/setup/setup.sh", permissions = "0700", owner = "root:root", content = machine.setup }],
    )
    runcmd = [["/bin/bash", "/etc/errand/setup/setup.sh"]]
  })]) }

  firewall = {
    control = concat(
      [{ protocol = "tcp", port = 443, sources = var.api_cidrs, what = "API" }],
      [{ protocol = "tcp", port = 443, sources = [var.private_cidr], what = "API for hypervisors" }],
      length(var.ssh_cidrs) == 0 ? [] : [{ protocol = "tcp", port = 22, sources = var.ssh_cidrs, what = "SSH" }],
    )
    # nothing has to reach a hypervisor: it connects to the API by itself
    hypervisor = length(var.ssh_cidrs) == 0 ? [] : [{ protocol = "tcp", port = 22, sources = var.ssh_cidrs, what = "SSH" }]
    database = concat(
      [{ protocol = "tcp", port = 5432, sources = [for address in values(var.control_nodes) : "${address}/32"], what = "PostgreSQL" }],
      length(var.ssh_cidrs) == 0 ? [] : [{ protocol = "tcp", port = 22, sources = var.ssh_cidrs, what = "SSH" }],
    )
  }
}
