api_host         = "errand.example.net"
control_count    = 1
hypervisor_count = 2
aws_region       = "eu-central-1"
ssh_key_name     = "me"
ssh_cidrs        = ["203.0.113.7/32"]
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
