/* SPDX-License-Identifier: Apache-2.0 */
#include "runners/container_registry_fields.h"

#include <string.h>

#include "model/limits.h"

#include "http/text_rules.h"

static const char *const types[] = {"docker_hub", "ghcr", "custom", NULL};

static const char *certificate_rule(const char *text)
{
    return strstr(text, "-----BEGIN CERTIFICATE-----") != NULL
               ? NULL
               : "must hold certificates in PEM form";
}

#define REGISTRY(member) .offset = offsetof(struct container_registry_input, registry.member)

static const struct field table[] = {
    {"registry_type", FIELD_CHOICE, FIELD_REQUIRED, REGISTRY(registry_type), .choices = types},
    {"name", FIELD_TEXT, FIELD_REQUIRED, REGISTRY(name), .min = LIMIT_NAME_MIN,
     .max = LIMIT_NAME_MAX, .check = text_rule_one_line},
    {"hostname", FIELD_TEXT, 0, REGISTRY(hostname), .min = 1, .max = LIMIT_REGISTRY_HOSTNAME_MAX,
     .check = text_rule_registry_host},
    {"username", FIELD_TEXT, FIELD_NULLABLE, REGISTRY(username), .min = 1,
     .max = LIMIT_REGISTRY_USERNAME_MAX, .check = text_rule_username},
    {"password", FIELD_BYTES, FIELD_NULLABLE,
     .offset = offsetof(struct container_registry_input, password), .min = 1,
     .max = LIMIT_REGISTRY_PASSWORD_BYTES},
    {"insecure", FIELD_BOOL, 0, REGISTRY(insecure)},
    {"ca_pem", FIELD_BYTES, FIELD_NULLABLE, REGISTRY(ca_pem), .min = 1,
     .max = LIMIT_REGISTRY_CA_BYTES, .check = certificate_rule},
    {"region_id", FIELD_ID, 0, REGISTRY(region)},
};

static const char *host_of_type(const char *type)
{
    if (strcmp(type, "docker_hub") == 0)
        return "docker.io";
    return strcmp(type, "ghcr") == 0 ? "ghcr.io" : NULL;
}

static bool is_loopback(const char *hostname)
{
    size_t n = strcspn(hostname, ":");
    return (n == strlen("localhost") && strncmp(hostname, "localhost", n) == 0) ||
           (strncmp(hostname, "127.", 4) == 0 && strspn(hostname, "0123456789.") == n);
}

static void settle_host(struct fields *f, bool is_host_given, struct container_registry *registry)
{
    if (registry->registry_type == NULL)
        return;
    const char *fixed = host_of_type(registry->registry_type);
    /* one that was refused is none */
    if (fixed != NULL && is_host_given && registry->hostname != NULL &&
        strcmp(registry->hostname, fixed) != 0)
        problems_add(&f->problems, "hostname", "must be %s, or left out, for this registry_type",
                     fixed);
    else if (fixed != NULL)
        registry->hostname = fixed;
    else if (registry->hostname == NULL && !problems_has(&f->problems, "hostname"))
        problems_add(&f->problems, "hostname", "is required for a custom registry");
}

static bool differs(const char *a, const char *b)
{
    return a == NULL || b == NULL ? a != b : strcmp(a, b) != 0;
}

static bool goes_elsewhere(const struct container_registry *old,
                           const struct container_registry *new)
{
    return differs(old->hostname, new->hostname) || differs(old->ca_pem, new->ca_pem) ||
           old->insecure != new->insecure;
}

static void judge_credentials(struct fields *f, json_t *body, const struct container_registry *old,
                              const struct container_registry_input *input)
{
    struct problems *problems = &f->problems;
    const struct container_registry *registry = &input->registry;
    bool is_name_given = json_object_get(body, "username") != NULL;
    bool has_name = registry->username != NULL;
    if (is_name_given && has_name && input->password == NULL && !problems_has(problems, "password"))
        problems_add(problems, "password", "must be given together with username");
    else if (!has_name && input->password != NULL && !problems_has(problems, "username"))
        problems_add(problems, "username", "must be given together with password");
    else if (old->username != NULL && has_name && input->password == NULL &&
             goes_elsewhere(old, registry))
        problems_add(problems, "password",
                     "must be given again when hostname, ca_pem or insecure changes");
    if (registry->insecure && has_name && registry->hostname != NULL &&
        !is_loopback(registry->hostname))
        problems_add(problems, "insecure",
                     "must be false with credentials, which would travel in the clear");
}

void container_registry_fields_read(struct fields *f, json_t *body,
                                    struct container_registry_input *input)
{
    const struct container_registry old = input->registry;
    fields_read(f, "", body, table, ARRAY_LEN(table), input);
    settle_host(f, json_object_get(body, "hostname") != NULL, &input->registry);
    judge_credentials(f, body, &old, input);
}
