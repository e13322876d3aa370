/* calibs.c - labels of calibrations to files; see calibs.h. What a job reads is decided when it is made: a version that is added later
 * changes no job that is there. */
#include "cycle/calibs.h"

#include <string.h>

enum { FILE_MOST = 1 << 30 };

static const struct {
    const char *parameter;
    int kind;
} wanted[] = {
    {"spotfinder.lookup.mask", CALIB_MASK},
    {"integration.lookup.mask", CALIB_MASK},
    {"input.reference_geometry", CALIB_GEOMETRY},
    {"xfelx.geometry.file", CALIB_GEOMETRY},
    {"xfelx.reference", CALIB_REFERENCE},
    {"xfelx.detector.gain_map", CALIB_GAIN},
    {"xfelx.cell.file", CALIB_CELLS},
    {"xfelx.detector.pedestal_map", CALIB_PEDESTAL},
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
    struct arena a = {0};
    struct bytes content = {0};
    const char *inside;
    uint8_t hash[32];
    bool ok = fs_read(fs_file_of(&a, c->path, &inside), FILE_MOST, &content, err);
    if (ok) {
        sha256(content.data, content.size, hash);
        ok = memcmp(hash, c->hash, sizeof hash) == 0 ||
             (error_set(err, ERROR_CHANGED, "%s is not what was added as %s %s", c->path,
                        store_calib_kind_word(c->kind), c->label),
              error_hint(err, "xfelx calib add makes a version of what it is now"));
    }
    bytes_free(&content);
    arena_free(&a);
    return ok;
}

/* The label that a parameter names. NULL: it names none. */
static const char *label_of(const struct params *p, const char *parameter)
{
    const char *text = param_text(p, parameter, NULL);
    return text && str_starts(text, "calib:") ? text + strlen("calib:") : NULL;
}

bool calibs_named(struct store *s, const struct params *p, struct arena *a,
                  struct calibs_named out[CALIBS_NAMED], size_t *n, struct error *err)
{
    _Static_assert(sizeof wanted / sizeof *wanted == CALIBS_NAMED, "one for each parameter");
    *n = 0;
    for (size_t i = 0; i < CALIBS_NAMED; i++) {
        struct calibs_named *x = &out[*n];
        *x = (struct calibs_named){.kind = wanted[i].kind, .label = label_of(p, wanted[i].parameter)};
        if (!x->label)
            continue;
        if (!store_calibs(s, x->kind, x->label, a, &x->versions, &x->n, err))
            return false;
        ++*n;
    }
    return true;
}

const char *calibs_lacking(const struct calibs_named *named, size_t n, int64_t run, struct arena *a)
{
    for (size_t i = 0; i < n; i++) {
        size_t k = 0;
        while (k < named[i].n && !store_calib_is_for(&named[i].versions[k], run))
            k++;
        if (k == named[i].n)
            return arena_printf(a, "there is no %s called \"%s\"%s", store_calib_kind_word(named[i].kind),
                                named[i].label, named[i].n ? " for this run" : "");
    }
    return NULL;
}

static bool resolve(struct store *s, const struct params *p, int64_t run, int64_t job, bool look,
                    struct arena *a, struct str *lines, struct error *err)
{
    for (size_t i = 0; i < CALIBS_NAMED; i++) {
        const char *label = label_of(p, wanted[i].parameter);
        struct store_calib c;
        if (!label)
            continue;
        if (!store_calib_find(s, wanted[i].kind, label, run, job, a, &c, err) ||
            (look && !is_as_added(&c, err)))
            return false;
        str_printf(lines, "%s = ", wanted[i].parameter);
        add_quoted(lines, c.path);
        str_addc(lines, '\n');
    }
    return true;
}

bool calibs_resolve(struct store *s, const struct params *p, int64_t run, int64_t job, struct arena *a,
                    struct str *lines, struct error *err)
{
    return resolve(s, p, run, job, true, a, lines, err);
}

bool calibs_find(struct store *s, const struct params *p, int64_t run, int64_t job, struct arena *a,
                 struct str *lines, struct error *err)
{
    return resolve(s, p, run, job, false, a, lines, err);
}
