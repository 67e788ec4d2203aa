api_host      = "errand.example.net"
private_cidr  = "10.77.0.0/24"
control_nodes = { control1 = "10.77.0.10", control2 = "10.77.0.11" }
database      = { kind = "node", address = "10.77.0.5" }
hypervisors = {
  hv1 = {}
  hv2 = { labels = { disk = "ssd" } }
}
packages = {
  server = {
    url    = "https://packages.example.net/errand-server_0.1.0-1_amd64.deb"
    sha256 = "0000000000000000000000000000000000000000000000000000000000000000"
  }
  agent = {
    url    = "https://packages.example.net/errand-agent_0.1.0-1_amd64.deb"
    sha256 = "0000000000000000000000000000000000000000000000000000000000000000"
  }
}
