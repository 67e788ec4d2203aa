/* SPDX-License-Identifier: Apache-2.0
 *
 * The text of --help, made from the same table that is read.
 */
#include "service/settings.h"

static const char *placeholder(const struct setting *setting)
{
    switch (setting->kind) {
    case SETTING_PATH:
        return "PATH";
    case SETTING_CHOICE:
        return setting->choices;
    case SETTING_INT:
        return "N";
    case SETTING_BYTES:
        return "SIZE";
    case SETTING_BOOL:
        return "BOOL";
    case SETTING_STRING:
        break;
    }
    return "TEXT";
}

static void print_setting(const struct setting *setting, FILE *out)
{
    fprintf(out, "  --%s=%s\n        %s", setting->name, placeholder(setting), setting->help);
    if (setting->fallback != NULL && setting->fallback[0] != '\0' && !setting->secret)
        fprintf(out, " (default %s)", setting->fallback);
    fputc('\n', out);
}

void settings_print_help(const struct settings_program *program, FILE *out)
{
    bool has_commands = program->commands != NULL;
    fprintf(out, "%s: %s\n\nusage: %s [SETTING...]%s\n", program->name, program->summary,
            program->name, has_commands ? " [COMMAND]" : "");
    if (has_commands)
        fprintf(out, "\ncommands:\n%s", program->commands);

    fputs("\nsettings:\n", out);
    for (size_t i = 0; i < program->table_n; i++)
        print_setting(&program->table[i], out);
    fputs(
        "  --config=PATH\n        file with lines `name = value`\n"
        "  --help\n"
        "  --version\n"
        "\nEach setting may also come from the environment (ERRAND_ and its name in capitals) or\n"
        "from the configuration file. A flag beats the environment, which beats the file.\n",
        out);
}
