/* calibs.c - labels of calibrations to files; see calibs.h. What a job reads is decided when it is made: a version that is added later
 * changes no job that is there. */
#include "cycle/calibs.h"

#include <string.h>

enum { FILE_MOST = 1 << 30 };

static const struct {
    const char *parameter;
    int kind;
} wanted[] = {
    {"spotfinder.lookup.mask", CALIB_MASK},       {"integration.lookup.mask", CALIB_MASK},
    {"input.reference_geometry", CALIB_GEOMETRY}, {"xfelx.geometry.file", CALIB_GEOMETRY},
    {"xfelx.reference", CALIB_REFERENCE},
};

static void add_quoted(struct str *out, const char *text)
{
    str_addc(out, '"');
    for (; *text; text++)
        str_printf(out, "%s%c", *text == '"' || *text == '\\' ? "\\" : "", *text);
    str_addc(out, '"');
}

/* A file that somebody has written to since is another calibration. */
static bool is_as_added(const struct store_calib *c, struct error *err)
{
    struct bytes content = {0};
    uint8_t hash[32];
    bool ok = fs_read(c->path, FILE_MOST, &content, err);
    if (ok) {
        sha256(content.data, content.size, hash);
        ok = memcmp(hash, c->hash, sizeof hash) == 0 ||
             (error_set(err, ERROR_CHANGED, "%s is not what was added as %s %s", c->path,
                        store_calib_kind_word(c->kind), c->label),
              error_hint(err, "xfelx calib add makes a version of what it is now"));
    }
    bytes_free(&content);
    return ok;
}

bool calibs_resolve(struct store *s, const struct params *p, int64_t run, int64_t job, struct arena *a,
                    struct str *lines, struct error *err)
{
    for (size_t i = 0; i < sizeof wanted / sizeof *wanted; i++) {
        const char *text = param_text(p, wanted[i].parameter, NULL);
        struct store_calib c;
        if (!text || !str_starts(text, "calib:"))
            continue;
        if (!store_calib_find(s, wanted[i].kind, text + strlen("calib:"), run, job, a, &c, err) ||
            !is_as_added(&c, err))
            return false;
        str_printf(lines, "%s = ", wanted[i].parameter);
        add_quoted(lines, c.path);
        str_addc(lines, '\n');
    }
    return true;
}
