/* status_serve.c - `status --serve`: the pages, until somebody ends them. */
#include "cmd/status.h"

#include "cmd/alarm.h"
#include "cmd/database.h"
#include "source/source.h"
#include "web/web.h"

#include <signal.h>
#include <stdio.h>
#include <string.h>

/* Blocked before any thread is there: all inherit it, and only the wait below takes them. */
static void block(sigset_t *set)
{
    sigemptyset(set);
    sigaddset(set, SIGINT);
    sigaddset(set, SIGTERM);
    sigaddset(set, SIGHUP);
    sigprocmask(SIG_BLOCK, set, NULL);
}

static void serve(struct web *w)
{
    sigset_t set;
    block(&set);
    for (int got = 0; got != SIGINT && got != SIGTERM;) {
        struct error err = {0};
        if (sigwait(&set, &got) != 0)
            return;
        if (got == SIGHUP && !web_reload(w, &err))
            log_warn("the certificate is not taken, the old one is kept: %s", err.fact);
    }
}

/* Where files go that pages hand over: of the results' folder, of which the database or the settings know. */
static const char *handed_folder(struct cli *cli, const struct params *p)
{
    const char *place = cli->n_operands ? cli->operands[0] : NULL;
    const char *results = place && fs_is_folder(place) ? place : param_text(p, "output_folder", NULL);
    return results ? fs_join(&cli->arena, fs_absolute(&cli->arena, results), ".xfelx/calib/incoming") : NULL;
}

int status_serve(struct cli *cli, const struct params *p)
{
    struct error err = {0};
    struct store_options store;
    struct web *w = NULL;
    const char *stages[STAGE_MAX];
    struct web_options o = {.listen = cli_value(cli, "serve", NULL),
                            .prefix = cli_value(cli, "prefix", NULL),
                            .token_file = cli_value(cli, "token-file", NULL),
                            .tls_cert = cli_value(cli, "tls-cert", NULL),
                            .tls_key = cli_value(cli, "tls-key", NULL),
                            .no_token = cli_has(cli, "no-token"),
                            .proxied = cli_has(cli, "behind-proxy"),
                            .read_only = cli_has(cli, "read-only"),
                            .title = database_title(cli, p, cli->n_operands ? cli->operands[0] : NULL),
                            .folder = cli->n_operands ? cli->operands[0] : ".",
                            .handed = handed_folder(cli, p),
                            .stages = stages,
                            .n_stages = status_stages(stages),
                            .version = version_number(),
                            .limits = alarm_limits(&cli->arena, p),
                            .store = &store};
    const char *const *maps = NULL;
    if (param_texts(p, "facility.path_map", &maps) > 0)
        o.path_map = maps;
    o.n_hosts = cli_values(cli, "allow-host", &o.hosts);
    sigset_t set;
    block(&set);
    if (!source_helper_start(&err)) /* before any thread; only pictures of HDF5 files need it */
        log_warn("%s", err.fact);
    const char *place = cli->n_operands ? cli->operands[0] : NULL;
    struct store *looked = NULL; /* a database that cannot be read is said before anything is served */
    if (!database_options_at(cli, p, place, &store, &err) ||
        !database_open_at(cli, p, place, true, &looked, &err))
        return cli_fail(&err);
    store_close(looked);
    if (!web_start(&o, &w, &err))
        return cli_fail(&err);
    struct str text = {0};
    str_printf(&text, "serving %s\n", web_link(w));
    cli_print(&text);
    str_free(&text);
    serve(w);
    web_stop(w);
    source_helper_stop();
    return EXIT_CODE_DONE;
}
