#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
#
# deploy/terraform: format, the module's own tests, what a root without a provider renders. Without
# terraform, which Debian has not, only secrets.sh is tested: terraform.sh BIN_DIR
set -euo pipefail

readonly bin=$1 source=${ERRAND_SOURCE_DIR:?is the checkout}/deploy/terraform
work=$(mktemp -d)
readonly work
trap 'rm -rf "$work"' EXIT

fail() {
    echo "terraform.sh: $*" >&2
    exit 1
}

# Terraform writes beside what it reads.
cp -r "$source" "$work/terraform"
cd "$work/terraform"
./secrets.sh errand.example.net >"$work/secrets" && cp "$work/secrets" any-machines/secrets.auto.tfvars.json
readonly secrets=$work/terraform/any-machines/secrets.auto.tfvars.json
secret() { jq --raw-output ".secrets.$1" "$secrets"; }

secret ca_certificate >"$work/ca.crt"
secret certificate >"$work/api.crt"
openssl verify -CAfile "$work/ca.crt" -verify_hostname errand.example.net "$work/api.crt" >/dev/null
(umask 077 && secret key_ring >"$work/ring.json")
"$bin/errand-api" --key_ring="$work/ring.json" keys init || fail "errand-api does not take the key ring of secrets.sh"
[[ $(secret join_token) =~ ^err_j_[A-Za-z0-9_-]{43}$ && $(secret admin_token) =~ ^err_u_[A-Za-z0-9_-]{43}$ ]] || fail "tokens"

command -v terraform >/dev/null || {
    echo "terraform.sh: skipped: terraform is not installed"
    exit 77
}
echo 'disable_checkpoint = true' >"$work/terraformrc"
export TF_CLI_CONFIG_FILE=$work/terraformrc TF_IN_AUTOMATION=1

terraform fmt -check -recursive -diff || fail "terraform fmt -recursive deploy/terraform"
cd modules/cloud-init
terraform init -backend=false -no-color >"$work/log" || fail "$(cat "$work/log")"
terraform test -no-color >"$work/log" || fail "$(cat "$work/log")"
grep --quiet '^Success! [1-9][0-9]* passed, 0 failed' "$work/log" || fail "$(cat "$work/log")"

cd ../../any-machines
terraform init -no-color >"$work/log" || fail "$(cat "$work/log")"
terraform apply -auto-approve -no-color -var-file=example.tfvars >"$work/log" 2>&1 || fail "$(cat "$work/log")"
! grep --quiet "$(secret admin_token)" "$work/log" || fail "terraform apply tells secrets"
terraform output -json user_data >"$work/user_data"
for name in control1 control2 database hv1 hv2; do
    jq --exit-status --raw-output ".$name" "$work/user_data" >"$work/$name.yaml"
    yq --raw-output '.write_files[] | select(.path | endswith("setup.sh")).content' "$work/$name.yaml" >"$work/$name.sh"
    [[ -s $work/$name.sh ]] && bash -n "$work/$name.sh" || fail "the setup of $name is no shell script"
done
[[ $(terraform plan -no-color -detailed-exitcode -var-file=example.tfvars >/dev/null && echo same) == same ]] || fail "a second plan has changes"

# What the other roots work out for themselves, without the providers that are downloaded: their
# resources and what refers to these are taken out. Blocks begin and end in the first column.
for root in hetzner aws; do
    cd "$work/terraform/$root"
    cp "$work/secrets" secrets.auto.tfvars.json
    rm outputs.tf
    awk '/^provider .*{}$/ { next } /^(resource|data|provider|terraform) / { skips = 1 } !skips { print } /^}/ { skips = 0 }' main.tf >main.new
    mv main.new main.tf
    printf 'output "machines" {\n  value = local.machines\n}\n\noutput "firewall" {\n  value = %s\n}\n\noutput "texts" {\n  value = nonsensitive(keys(module.cloud_init.user_data))\n}\n' \
        "$([[ $root == aws ]] && echo local.ingress || echo module.cloud_init.firewall)" >outputs.tf
    terraform init -no-color >"$work/log" || fail "$(cat "$work/log")"
    for count in 1 3; do
        terraform apply -auto-approve -no-color -var-file=example.tfvars -var "control_count=$count" >"$work/log" 2>&1 ||
            fail "$root: $(cat "$work/log")"
        terraform output -json >"$work/$root.json"
        jq --exit-status --argjson count "$count" '(.machines.value | keys) == .texts.value
            and ([.machines.value[].address] | unique | length) == (.machines.value | length)
            and (.machines.value | length) == $count + 2 + (if $count > 1 then 1 else 0 end)' "$work/$root.json" >/dev/null ||
            fail "$root: $(cat "$work/$root.json")"
    done
    ! terraform plan -no-color -var-file=example.tfvars -var control_count=0 >"$work/log" 2>&1 || fail "$root takes no control node"
    grep --quiet 'control_count must be 1 to 9' "$work/log" || fail "$(cat "$work/log")"
done
jq --exit-status '.firewall.value | length > 4 and all(.[]; .source and .port and .protocol)
    and ([to_entries[] | select(.key | startswith("database-5432-"))] | length) == 3' "$work/aws.json" >/dev/null || fail "aws: $(cat "$work/aws.json")"
