/* rows.c - the table of parameters and settings; see param.h. The rows stand in lists by origin of the names.
 *
 *   recipe*.inc   dials.stills_process and cctbx.xfel.process (SCIENCE 1.2)
 *   xfelx.inc     ours, under xfelx.* only (SCIENCE 1.4)
 *   settings.inc  where and how: db.*, mp.*, facility.* … (WORDS 6.1)
 *
 * A row is ROW(class, expert level, path, type, default, unit, help), with one of these classes:
 */
#include "param/rows.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

// clang-format off
#define CLASS_RESULT   PARAM_HONOURED, PARAM_RECIPE,   false, true  /* changes results: part of the recipe hash */
#define CLASS_RESULTS  PARAM_HONOURED, PARAM_RECIPE,   true,  true  /* the same, may be given several times */
#define CLASS_WORK     PARAM_HONOURED, PARAM_RECIPE,   false, false /* says where and how, not what comes out */
#define CLASS_WORKS    PARAM_HONOURED, PARAM_RECIPE,   true,  false
#define CLASS_IGNORED  PARAM_IGNORED,  PARAM_RECIPE,   false, false /* valid in the peers, without effect here */
#define CLASS_IGNOREDS PARAM_IGNORED,  PARAM_RECIPE,   true,  false
#define CLASS_NOT_YET  PARAM_NOT_YET,  PARAM_RECIPE,   false, false /* refused when set away from the default */
#define CLASS_NOT_YETS PARAM_NOT_YET,  PARAM_RECIPE,   true,  false
#define CLASS_SETTING  PARAM_HONOURED, PARAM_SETTINGS, false, false
#define CLASS_SETTINGS PARAM_HONOURED, PARAM_SETTINGS, true,  false
#define CLASS_LATER    PARAM_IGNORED,  PARAM_SETTINGS, false, false /* read by commands that do not exist yet; said when set */
#define CLASS_LATERS   PARAM_IGNORED,  PARAM_SETTINGS, true,  false
#define CLASS_UNUSED   PARAM_IGNORED,  PARAM_SETTINGS, false, false /* a setting of cctbx.xfel without effect here */
#define CLASS_FUTURES  PARAM_NOT_YET,  PARAM_SETTINGS, true,  false /* refused when set */
#define FIELDS(class_, tree_, multiple_, in_hash_) .class = class_, .tree = tree_, .multiple = multiple_, .in_hash = in_hash_
#define EXPAND(...) FIELDS(__VA_ARGS__)
#define ROW(class_, expert_, path_, type_, default_, unit_, help_) \
    {.path = path_, .type = type_, .deflt = default_, .unit = unit_, .help = help_, .expert = expert_, EXPAND(CLASS_##class_)},
// clang-format on

static const struct param_row rows[] = {
#include "param/recipe.inc"
#include "param/recipe_index.inc"
#include "param/recipe_integrate.inc"
#include "param/xfelx.inc"
#include "param/settings.inc"
};

const struct param_row *param_rows(size_t *n)
{
    *n = sizeof rows / sizeof *rows;
    return rows;
}

/* A mistake in the table: cannot happen in a program that passed its tests. */
static void broken(const struct param_row *row, const struct error *err)
{
    fprintf(stderr, "xfelx: the row of %s is broken: %s\n", row->path, err->fact);
    abort();
}

/* The scope at a path's next part, made when it is not there. */
static struct phil_object *enter(struct arena *a, struct phil_object *scope, const char *name, size_t n,
                                 bool multiple)
{
    struct phil_object *o = phil_child(scope, name, n);
    if (!o) {
        o = phil_append(a, scope, name, n, true, (struct phil_place){0});
        if (multiple)
            o->multiple = PHIL_TRUE;
    }
    return o;
}

static void add_row(struct arena *a, struct phil_object *root, const struct param_row *row)
{
    struct phil_object *scope = root;
    const char *path = row->path;
    for (;;) {
        size_t n = strcspn(path, ".[");
        bool multiple = path[n] == '[';
        const char *rest = path + n + (multiple ? 2 : 0);
        if (!*rest && !multiple) {
            struct phil_object *o = phil_append(a, scope, path, n, false, (struct phil_place){0});
            struct error err;
            o->row = row;
            o->help = row->help;
            o->words = phil_words_of(a, row->deflt);
            o->expert = row->expert ? row->expert : -1;
            o->multiple = row->multiple ? PHIL_TRUE : PHIL_UNSET;
            if (!phil_type_read(row->type, o->place, &o->type, &err))
                broken(row, &err);
            if (row->unit && *row->unit)
                phil_set_attribute(a, o, "unit", phil_words_of(a, row->unit), o->place, NULL);
            return;
        }
        scope = enter(a, scope, path, n, multiple);
        if (!*rest) { /* the row of a .multiple scope itself */
            scope->help = row->help;
            return;
        }
        path = rest + 1;
    }
}

struct phil_object *rows_master(struct arena *a)
{
    struct phil_object *root = phil_root(a);
    struct error err;
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++)
        add_row(a, root, &rows[i]);
    if (!phil_master(a, root, &err))
        broken(&rows[0], &err);
    return root;
}

const char *rows_environment(struct arena *a, const struct param_row *row)
{
    bool ours = str_starts(row->path, "xfelx.");
    if ((!ours && row->tree != PARAM_SETTINGS) || row->multiple || strchr(row->path, '['))
        return NULL;
    char *name = arena_printf(a, "XFELX_%s", row->path + (ours ? strlen("xfelx.") : 0));
    for (char *p = name; *p; p++)
        *p = *p == '.' ? '_' : *p >= 'a' && *p <= 'z' ? (char)(*p - 'a' + 'A') : *p;
    return name;
}

bool rows_is_secret(const struct param_row *row)
{
    return row && str_ends(row->path, ".password");
}
