/* SPDX-License-Identifier: Apache-2.0
 *
 * errand completion: what teaches a shell to ask `errand __complete`.
 */
#include "arguments.h"
#include "complain.h"

#include <stdio.h>
#include <string.h>

static const char bash_script[] =
    "_errand() {\n"
    "    local candidates\n"
    "    mapfile -t candidates < <(errand __complete \"${COMP_WORDS[@]:1:COMP_CWORD}\" "
    "2>/dev/null | cut -f1)\n"
    "    COMPREPLY=(\"${candidates[@]}\")\n"
    "}\n"
    "complete -o default -F _errand errand\n";

static const char zsh_script[] =
    "#compdef errand\n"
    "_errand() {\n"
    "    local -a candidates\n"
    "    candidates=(${(f)\"$(errand __complete \"${(@)words[2,CURRENT]}\" 2>/dev/null |\n"
    "        sed -e 's/:/\\\\:/g' -e 's/\\t/:/')\"})\n"
    "    if (( $#candidates )); then _describe errand candidates; else _files; fi\n"
    "}\n"
    "compdef _errand errand\n";

static const char fish_script[] =
    "complete -c errand -a \\\n"
    "    '(errand __complete (commandline -opc)[2..-1] (commandline -ct) 2>/dev/null)'\n";

static int print_script(const struct arguments *arguments)
{
    const char *shell = arguments->words[0];
    const char *script = strcmp(shell, "bash") == 0   ? bash_script
                         : strcmp(shell, "zsh") == 0  ? zsh_script
                         : strcmp(shell, "fish") == 0 ? fish_script
                                                      : NULL;

    if (script == NULL)
        return complain("completion: there is bash, zsh and fish, not '%s'", shell);
    (void)fputs(script, stdout);
    return 0;
}

const struct command completion_command = {
    .name = "completion",
    .synopsis = "bash|zsh|fish",
    .summary = "print what makes a shell complete errand's words",
    .details = "  bash  source <(errand completion bash), in ~/.bashrc\n"
               "  zsh   source <(errand completion zsh), in ~/.zshrc after compinit\n"
               "  fish  errand completion fish > ~/.config/fish/completions/errand.fish",
    .min_words = 1,
    .max_words = 1,
    .run = print_script,
};
