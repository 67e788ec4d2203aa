# SPDX-License-Identifier: Apache-2.0

# No provider: this module only computes. Whatever runs machines can use it.
terraform {
  required_version = ">= 1.5"
}
