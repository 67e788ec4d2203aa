/* SPDX-License-Identifier: Apache-2.0
 *
 * What texts must look like, as checks for field tables (fields.h): NULL when they do, else what
 * they must be.
 */
#ifndef ERRAND_API_TEXT_RULES_H
#define ERRAND_API_TEXT_RULES_H

/* Without control characters. */
const char *text_rule_one_line(const char *text);

/* [host[:port]/]path, as in "ghcr.io/acme/report": no tag, no digest. */
const char *text_rule_image_name(const char *text);

/* host[:port], told from a first part of a path as image names do: with a '.' or ':', or
 * "localhost". */
const char *text_rule_registry_host(const char *text);

/* Printable, without the colon that ends it in a Basic header. */
const char *text_rule_username(const char *text);

/* [A-Za-z0-9_][A-Za-z0-9_.-]* */
const char *text_rule_image_tag(const char *text);

/* "sha256:" and 64 lower-case hex digits. */
const char *text_rule_image_digest(const char *text);

/* "uid" or "uid:gid". */
const char *text_rule_user(const char *text);

/* [a-zA-Z_][a-zA-Z0-9_]* */
const char *text_rule_env_key(const char *text);

/* Something, "@", something, no spaces. */
const char *text_rule_email(const char *text);

/* [a-z0-9][a-z0-9-]* */
const char *text_rule_slug(const char *text);

#endif
