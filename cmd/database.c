/* database.c - see database.h. */
#include "cmd/database.h"

#include <string.h>

static enum store_tls tls_of(const char *word)
{
    return !strcmp(word, "on") ? STORE_TLS_ON : !strcmp(word, "off") ? STORE_TLS_OFF : STORE_TLS_AUTO;
}

static bool read_password(struct arena *a, const struct params *p, struct store_options *o, struct error *err)
{
    const char *file = param_text(p, "db.password_file", NULL);
    struct str text = {0};
    o->password = param_text(p, "db.password", NULL);
    bool ok = !file || secret_read(file, &text, err);
    if (ok && file)
        o->password = arena_strdup(a, text.text);
    str_free(&text);
    return ok;
}

bool database_options(struct arena *a, const struct params *p, const char *folder, struct store_options *out,
                      struct error *err)
{
    const char *file = param_text(p, "db.file", NULL);
    *out = (struct store_options){
        .host = param_text(p, "db.host", NULL),
        .socket = param_text(p, "db.socket", NULL),
        .name = param_text(p, "db.name", param_text(p, "experiment_tag", NULL)),
        .user = param_text(p, "db.user", NULL),
        .port = (int)param_int(p, "db.port", 3306),
        .tls = tls_of(param_text(p, "db.tls", "auto")),
        .ca = param_text(p, "db.ca", NULL),
        .fingerprint = param_text(p, "db.fingerprint", NULL),
        .cert = param_text(p, "db.cert", NULL),
        .key = param_text(p, "db.key", NULL),
    };
    if (out->host || out->socket) {
        if (file)
            return error_set(err, ERROR_USAGE, "both db.file and %s are given",
                             out->host ? "db.host" : "db.socket"),
                   error_hint(err, "one of them: a file of this machine, or a server");
        return store_options_good(out, err) && read_password(a, p, out, err);
    }
    out->file = file ? file : fs_join(a, folder, "xfelx.db");
    return true;
}

bool database_open(struct arena *a, const struct params *p, const char *folder, bool read_only,
                   struct store **out, struct error *err)
{
    struct store_options o;
    return database_options(a, p, folder, &o, err) && store_open(&o, read_only, out, err);
}

bool database_options_at(struct cli *cli, const struct params *p, const char *place,
                         struct store_options *out, struct error *err)
{
    if (!place)
        return database_options(&cli->arena, p, param_text(p, "output_folder", "."), out, err);
    bool folder = fs_is_folder(place) || (!fs_is_file(place) && !str_ends(place, ".db"));
    *out = (struct store_options){.file = folder ? fs_join(&cli->arena, place, "xfelx.db") : place};
    return true;
}

bool database_open_at(struct cli *cli, const struct params *p, const char *place, bool read_only,
                      struct store **out, struct error *err)
{
    struct store_options o;
    if (!database_options_at(cli, p, place, &o, err))
        return false;
    if (store_open(&o, read_only, out, err))
        return true;
    if (place && o.file && !fs_is_file(o.file) && fs_is_file(fs_join(&cli->arena, place, "xfelx.phil")))
        error_hint(err, "%s/xfelx.phil says where it is: the same command in that folder, without \"%s\"",
                   place, place);
    return false;
}

const char *database_title(struct cli *cli, const struct params *p, const char *place)
{
    const char *folder = fs_name(fs_absolute(&cli->arena, place ? place : "."));
    if (!*folder)
        folder = "xfelx"; /* the root of the file system */
    return place ? folder : param_text(p, "experiment_tag", folder);
}
