/* parameters.c - see parameters.h. */
#include "cmd/parameters.h"

bool parameters_read(struct cli *cli, struct params **out, char ***others, size_t *n_others,
                     struct error *err)
{
    struct params *p = params_make(&cli->arena);
    if (!params_load_settings(p, cli_value(cli, "config", NULL), err))
        return false;
    const char *const *files = NULL;
    size_t n = cli_values(cli, "phil", &files);
    for (size_t i = 0; i < n; i++)
        if (!params_merge_file(p, files[i], err))
            return false;
    *others = arena_array(&cli->arena, cli->n_operands + 1, sizeof **others);
    *n_others = 0;
    for (size_t i = 0; i < cli->n_operands; i++) {
        char *text = cli->operands[i];
        enum param_argument kind = params_argument_kind(text);
        bool ok = kind == PARAM_ARGUMENT_OTHER ||
                  (kind == PARAM_ARGUMENT_PHIL ? params_merge_file(p, text, err)
                                               : params_merge_argument(p, text, err));
        if (!ok)
            return false;
        if (kind == PARAM_ARGUMENT_OTHER)
            (*others)[(*n_others)++] = text;
    }
    *out = p;
    const char *const *names = NULL;
    size_t ignored = params_ignored(p, &cli->arena, &names);
    if (ignored)
        log_warn("%s without effect here (%s%s)", COUNT(ignored, "parameter"), names[0],
                 ignored > 1 ? ", …" : "");
    return true;
}

bool parameters_shown(const struct cli *cli, const struct params *p)
{
    if (!cli_has(cli, "show-params"))
        return false;
    struct str text = {0};
    struct param_show_options o = {
        .what = cli_has(cli, "changed") ? PARAM_SHOW_CHANGED : PARAM_SHOW_ALL,
        .origins = cli_has(cli, "origins"),
        .tree = -1,
    };
    int64_t level = 0;
    if (cli_int(cli, "expert", 0, 3, o.what == PARAM_SHOW_CHANGED ? 3 : 0, &level, NULL))
        o.expert = (int)level;
    if (cli_int(cli, "attributes", 0, 2, 0, &level, NULL))
        o.attributes = (int)level;
    params_show(p, &o, &text);
    cli_print(&text);
    str_free(&text);
    return true;
}
