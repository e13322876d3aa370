/* cycle.c - the settings of a cycle, and the step that decides. */
#include "cycle/cycle.h"

#include "cycle/uses.h"
#include "cycle/need.h"
#include "cycle/script.h"

#include <string.h>

static const int64_t second = 1000000000;

static bool is_word(const struct params *p, const char *path, const char *word)
{
    return strcmp(param_text(p, path, ""), word) == 0;
}

static struct policy policy_of(const struct params *p, const struct facility_settings *f)
{
    struct policy policy = policy_default();
    const struct observation closed = {.state = RUN_TRANSFERRING, .n_here = 1};
    policy.start_at_complete = facility_may_start(f, &closed);
    policy.max_tries = (uint32_t)param_int(p, "submit.max_tries", policy.max_tries);
    policy.max_queued = (uint32_t)param_int(p, "mp.max_queued", 0);
    policy.confirm_above = (uint32_t)param_int(p, "submit.confirm_above", policy.confirm_above);
    policy.cancel_blocked = is_word(p, "submit.blocked_action", "cancel");
    policy.goal_stops = param_bool(p, "submit.goal_stops", true);
    policy.merge_quiet = (int64_t)(param_real(p, "merge.quiet", 300) * 1e9);
    policy.merge_min_runs = (uint32_t)param_int(p, "merge.min_new_runs", 1);
    return policy;
}

/* What jobs need to reach the database, as their environment. A password in the settings would stand in every script. */
static bool database_of(const struct params *p, struct arena *a, const char *folder, struct cycle *out,
                        struct error *err)
{
    // clang-format off
    static const struct { const char *path, *name; bool is_file; } rows[] = {
        {"db.host", "XFELX_DB_HOST", false}, {"db.name", "XFELX_DB_NAME", false}, {"db.port", "XFELX_DB_PORT", false},
        {"db.user", "XFELX_DB_USER", false}, {"db.tls", "XFELX_DB_TLS", false}, {"db.fingerprint", "XFELX_DB_FINGERPRINT", false},
        {"db.password_file", "XFELX_DB_PASSWORD_FILE", true}, {"db.socket", "XFELX_DB_SOCKET", true}, {"db.ca", "XFELX_DB_CA", true},
        {"db.cert", "XFELX_DB_CERT", true}, {"db.key", "XFELX_DB_KEY", true},
    };
    // clang-format on
    const char **set = arena_array(a, sizeof rows / sizeof *rows + 3, sizeof *set);
    size_t n = 0;
    out->database = set;
    if (param_is_none(p, "db.host") && param_is_none(p, "db.socket")) {
        const char *file = param_text(p, "db.file", NULL);
        set[n++] =
            arena_printf(a, "XFELX_DB_FILE=%s", file ? fs_absolute(a, file) : fs_join(a, folder, "xfelx.db"));
        return true;
    }
    if (!param_is_none(p, "db.password"))
        return error_set(err, ERROR_USAGE, "jobs cannot be given the password that db.password holds"),
               error_hint(err, "db.password_file names a file that only its owner can read");
    if (param_is_none(p, "db.name") && !param_is_none(p, "experiment_tag"))
        set[n++] = arena_printf(a, "XFELX_DB_NAME=%s", param_text(p, "experiment_tag", ""));
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        if (param_is_default(p, rows[i].path))
            continue;
        const char *text = strcmp(rows[i].path, "db.port") == 0
                               ? arena_printf(a, "%lld", (long long)param_int(p, "db.port", 0))
                               : param_text(p, rows[i].path, "");
        set[n++] = arena_printf(a, "%s=%s", rows[i].name, rows[i].is_file ? fs_absolute(a, text) : text);
    }
    return true;
}

bool cycle_open(const struct params *p, struct store *s, struct arena *a, struct cycle *out,
                struct error *err)
{
    const char *folder = param_text(p, "output_folder", NULL);
    *out = (struct cycle){.arena = a,
                          .params = p,
                          .store = s,
                          .program = "/proc/self/exe",
                          .version = "",
                          .scheduler = need_scheduler(p),
                          .rate = param_real(p, "submit.rate", 1),
                          .grace = (int64_t)(param_real(p, "submit.grace", 120) * (double)second),
                          .dry = param_bool(p, "dry_run", false) || param_bool(p, "monitoring_mode", false)};
    if (!folder || !*folder)
        return error_set(err, ERROR_USAGE, "output_folder is not set"),
               error_hint(err, "it is where a campaign's results go: `xfelx init` writes the settings");
    out->folder = fs_absolute(a, folder);
    if (!facility_settings_read(p, a, &out->facility, err) || !database_of(p, a, out->folder, out, err))
        return false;
    out->policy = policy_of(p, &out->facility);
    return need_site(p, a, &out->site, err);
}

/* Files are opened of what would be submitted; what that changes may bring others to their turn, whose files are opened then. */
bool cycle_plan(struct cycle *c, struct arena *a, struct cycle_plan *out, struct error *err)
{
    bool changed = true;
    *out = (struct cycle_plan){0};
    if (!store_read_snapshot(c->store, a, &out->snapshot, err))
        return false;
    while (changed) {
        out->actions = plan(&out->snapshot, &c->policy, a, &out->n);
        if (!uses_open(c, a, out, &changed, err))
            return false;
    }
    return true;
}

bool cycle_script(struct cycle *c, const struct action *x, struct str *out, struct error *err)
{
    struct arena a = {0};
    struct recipe_of_job j;
    bool good = x->new_version ? error_set(err, ERROR_USAGE, "its version is not there yet")
                               : script_prepare(c, &a, x, 0, &j, err);
    if (good) {
        j.program = arena_printf(&a, "%s/.xfelx/bin/xfelx-HASH", c->folder);
        j.phil = arena_printf(&a, "%s/.xfelx/phil/HASH.phil", c->folder);
        good = script_render(c, &a, &j, &script_no_attempt, out, err);
    }
    arena_free(&a);
    return good;
}
