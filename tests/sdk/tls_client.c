/* SPDX-License-Identifier: Apache-2.0
 *
 * Ask a server whether it is ready and print the name of what came of it:
 * tls_client URL [FIELD=VALUE...], fields of errand_client_options. For tls.sh.
 */
#include <errand/errand.h>

#include <stdio.h>
#include <string.h>

static int set(errand_client_options *options, const char *text)
{
    struct {
        const char *name;
        const char **field;
    } fields[] = {
        {"ca_file=", &options->ca_file},
        {"ca_directory=", &options->ca_directory},
        {"certificate_file=", &options->certificate_file},
        {"key_file=", &options->key_file},
    };

    if (strcmp(text, "insecure=1") == 0) {
        options->insecure = 1;
        return 0;
    }
    for (size_t i = 0; i < sizeof(fields) / sizeof(fields[0]); i++) {
        if (strncmp(text, fields[i].name, strlen(fields[i].name)) == 0) {
            *fields[i].field = text + strlen(fields[i].name);
            return 0;
        }
    }
    return -1;
}

int main(int argc, char **argv)
{
    errand_client_options options = ERRAND_CLIENT_OPTIONS_INIT;
    errand_client *client = NULL;
    errand_error error = {0};

    for (int i = 2; i < argc; i++) {
        if (set(&options, argv[i]) < 0)
            return 2;
    }
    options.url = argc > 1 ? argv[1] : "";
    if (errand_client_new(&options, &client, &error) == 0)
        (void)errand_client_ready(client, &error);
    (void)puts(errand_error_name(error.code));
    (void)fprintf(stderr, "%s\n", error.message);
    errand_client_free(client);
    return 0;
}
