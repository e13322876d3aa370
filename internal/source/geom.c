/* geom.c - CrystFEL geometry files: one line, one setting. Fields are rows of a table; a panel that first appears takes
 * over what was set for all panels so far. */
#include "source/geom.h"

#include <ctype.h>
#include <math.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

enum { FILE_MOST = 16 << 20, LINE_MOST = 8192, PANELS_MOST = 20000, GROUPS_MOST = 20000 };

struct parser {
    struct geom *g;
    struct arena *arena;
    struct error *err;
    unsigned line;
    struct geom_panel defaults;
    bool default_after_panels; /* the last default came after the last panel: of no effect */
    unsigned default_line;
};

/* ---- help ---- */

static bool fault(struct parser *p, const char *key, const char *value, const char *what)
{
    return error_set(p->err, ERROR_METADATA, "%s, line %u: %s = %.80s: %s", p->g->name, p->line, key, value,
                     what);
}

static void note(struct parser *p, const char *text)
{
    for (size_t i = 0; i < p->g->n_notes; i++) {
        if (strcmp(p->g->notes[i], text) == 0)
            return;
    }
    if (p->g->n_notes < sizeof p->g->notes / sizeof *p->g->notes)
        p->g->notes[p->g->n_notes++] = text;
}

static char *trim(char *text)
{
    while (isspace((unsigned char)*text))
        text++;
    size_t n = strlen(text);
    while (n > 0 && isspace((unsigned char)text[n - 1]))
        text[--n] = '\0';
    return text;
}

/* "+0.002x -0.999y + z": signs, an optional coefficient, a letter; blanks anywhere. */
static bool parse_direction(const char *text, double out[3])
{
    bool any = false;
    out[0] = out[1] = out[2] = 0;
    for (const char *at = text; *at;) {
        char number[64];
        size_t n = 0;
        double sign = 1, coefficient = 1;
        bool has_sign = false;
        for (; *at == ' ' || *at == '\t' || *at == '+' || *at == '-'; at++) {
            if (*at == '+' || *at == '-') {
                if (has_sign)
                    return false;
                has_sign = true;
                sign = *at == '-' ? -1 : 1;
            }
        }
        for (; isdigit((unsigned char)*at) || *at == '.'; at++) {
            if (n + 1 >= sizeof number)
                return false;
            number[n++] = *at;
        }
        number[n] = '\0';
        while (*at == ' ' || *at == '\t')
            at++;
        if ((n > 0 && !str_to_double(number, &coefficient)) || *at < 'x' || *at > 'z' || (any && !has_sign))
            return false;
        out[*at++ - 'x'] += sign * coefficient;
        any = true;
        while (*at == ' ' || *at == '\t')
            at++;
    }
    return any;
}

/* Unit words of .geom files; factor to metres or eV. */
static bool length_unit(const char *word, double *factor)
{
    if (strcmp(word, "m") == 0)
        *factor = 1;
    else if (strcmp(word, "mm") == 0)
        *factor = 1e-3;
    else
        return false;
    return true;
}

static bool energy_unit(const char *word, double *factor)
{
    *factor = strcmp(word, "keV") == 0 ? 1e3 : strcmp(word, "MeV") == 0 ? 1e6 : 1;
    return strcmp(word, "eV") == 0 || *factor != 1;
}

/* "0.1", "0.1 m", "/path", "/path mm". header: unit factor of a path without unit. */
static bool parse_value(struct parser *p, const char *key, char *value, bool (*unit)(const char *, double *),
                        double header, struct geom_value *out)
{
    char *word = value;
    while (*word && !isspace((unsigned char)*word))
        word++;
    if (*word)
        *word++ = '\0';
    word = trim(word);
    *out = (struct geom_value){.factor = 1};
    bool path = value[0] == '/';
    if (path) {
        out->path = arena_strdup(p->arena, value);
        out->factor = header;
    } else if (!str_to_double(value, &out->value) || !isfinite(out->value)) {
        return fault(p, key, value, "neither a number nor a path");
    }
    if (*word && !unit(word, &out->factor))
        return fault(p, key, word, "the unit is not known");
    if (!path)
        out->value *= out->factor;
    return true;
}

/* ---- panel fields ---- */

static bool set_direction(struct parser *p, const char *key, const char *value, double out[3], bool *has)
{
    *has = true;
    return parse_direction(value, out) || fault(p, key, value, "not a direction such as -0.002x +0.999y");
}

static bool set_bits(struct parser *p, const char *key, const char *value, uint32_t *bits, bool *has)
{
    char *end;
    unsigned long long n = strtoull(value, &end, 0);
    if (end == value || *end || value[0] == '-' || n > UINT32_MAX)
        return fault(p, key, value, "not a number of 32 bits");
    *bits = (uint32_t)n;
    *has = true;
    return true;
}

/* mask, mask_file, mask_good, mask_bad and maskN_data, …_file, …_goodbits, …_badbits. *ours: it was one of these. */
static bool set_mask(struct parser *p, struct geom_panel *panel, const char *key, const char *value,
                     bool *ours)
{
    struct geom_mask *m = &panel->mask[0];
    const char *word = key + 4;
    *ours = str_starts(key, "mask") && (*word == '\0' || *word == '_' || isdigit((unsigned char)*word)) &&
            strcmp(key, "mask_edge_pixels") != 0;
    if (!*ours)
        return true;
    if (isdigit((unsigned char)*word)) {
        if (*word - '0' >= GEOM_MASKS)
            return fault(p, key, value, "masks are numbered from 0 to 7");
        m = &panel->mask[*word++ - '0'];
    }
    if (strcmp(word, "") == 0 || strcmp(word, "_data") == 0)
        m->data = arena_strdup(p->arena, value);
    else if (strcmp(word, "_file") == 0)
        m->file = arena_strdup(p->arena, value);
    else if (strcmp(word, "_good") == 0 || strcmp(word, "_goodbits") == 0)
        return set_bits(p, key, value, &m->good, &m->has_good);
    else if (strcmp(word, "_bad") == 0 || strcmp(word, "_badbits") == 0)
        return set_bits(p, key, value, &m->bad, &m->has_bad);
    else
        return fault(p, key, value, "no such field");
    return true;
}

static bool set_dim(struct parser *p, struct geom_panel *panel, const char *key, const char *value)
{
    int64_t i, number;
    if (!str_to_i64(key + 3, &i) || i < 0 || i >= GEOM_DIMENSIONS)
        return fault(p, key, value, "no such dimension");
    int kind = strcmp(value, "%") == 0    ? GEOM_DIM_FRAME
               : strcmp(value, "ss") == 0 ? GEOM_DIM_SLOW
               : strcmp(value, "fs") == 0 ? GEOM_DIM_FAST
                                          : GEOM_DIM_NUMBER;
    if (kind == GEOM_DIM_NUMBER && (!str_to_i64(value, &number) || number < 0 || number > 65535))
        return fault(p, key, value, "not ss, fs, % or a number");
    panel->dim[i].kind = kind;
    panel->dim[i].number = kind == GEOM_DIM_NUMBER ? (uint32_t)number : 0;
    return true;
}

static bool set_flag(struct parser *p, struct geom_panel *panel, const char *key, const char *value, int kind)
{
    double limit;
    if (!str_to_double(value, &limit) || panel->n_flags == GEOM_FLAGS)
        return fault(p, key, value, "not a number, or more than 16 such lines");
    panel->flag[panel->n_flags].kind = kind;
    panel->flag[panel->n_flags++].value = limit;
    return true;
}

/* Fields that are one number. */
static const struct {
    const char *key;
    size_t offset;
} NUMBERS[] = {
    {"min_fs", offsetof(struct geom_panel, min_fs)},
    {"max_fs", offsetof(struct geom_panel, max_fs)},
    {"min_ss", offsetof(struct geom_panel, min_ss)},
    {"max_ss", offsetof(struct geom_panel, max_ss)},
    {"corner_x", offsetof(struct geom_panel, corner_x)},
    {"corner_y", offsetof(struct geom_panel, corner_y)},
    {"res", offsetof(struct geom_panel, res)},
    {"coffset", offsetof(struct geom_panel, coffset)},
    {"adu_per_eV", offsetof(struct geom_panel, adu_per_ev)},
    {"adu_per_photon", offsetof(struct geom_panel, adu_per_photon)},
    {"max_adu", offsetof(struct geom_panel, max_adu)},
};

static bool set_other(struct parser *p, struct geom_panel *panel, const char *key, char *value)
{
    int64_t n;
    if (strcmp(key, "fs") == 0)
        return set_direction(p, key, value, panel->fs, &panel->has_fs);
    if (strcmp(key, "ss") == 0)
        return set_direction(p, key, value, panel->ss, &panel->has_ss);
    if (strcmp(key, "clen") == 0) {
        panel->has_clen = true;
        return parse_value(p, key, value, length_unit, 1e-3, &panel->clen);
    }
    if (strcmp(key, "data") == 0) {
        panel->data = arena_strdup(p->arena, value);
        return value[0] == '/' || fault(p, key, value, "not a path");
    }
    if (strcmp(key, "no_index") == 0) {
        panel->no_index = strcmp(value, "true") == 0 || (str_to_i64(value, &n) && n != 0);
        return panel->no_index || strcmp(value, "false") == 0 || str_to_i64(value, &n) ||
               fault(p, key, value, "not true or false");
    }
    if (strcmp(key, "mask_edge_pixels") == 0) {
        if (!str_to_i64(value, &n) || n < 0 || n > 65536)
            return fault(p, key, value, "not a number of pixels");
        panel->edge = (int32_t)n;
        return true;
    }
    if (str_starts(key, "flag_"))
        return strcmp(key, "flag_equal") == 0      ? set_flag(p, panel, key, value, 0)
               : strcmp(key, "flag_lessthan") == 0 ? set_flag(p, panel, key, value, -1)
               : strcmp(key, "flag_morethan") == 0 ? set_flag(p, panel, key, value, 1)
                                                   : fault(p, key, value, "no such field");
    if (str_starts(key, "saturation_map"))
        note(p, "saturation_map is not used");
    else if (strcmp(key, "badrow_direction") == 0)
        note(p, "badrow_direction is not used");
    else
        note(p, arena_printf(p->arena, "line %u: the field \"%.60s\" is not known", p->line, key));
    return true;
}

static bool set_field(struct parser *p, struct geom_panel *panel, const char *key, char *value)
{
    bool ours;
    for (size_t i = 0; i < sizeof NUMBERS / sizeof *NUMBERS; i++) {
        if (strcmp(key, NUMBERS[i].key) != 0)
            continue;
        double *out = (double *)((char *)panel + NUMBERS[i].offset);
        return (str_to_double(value, out) && isfinite(*out)) || fault(p, key, value, "not a number");
    }
    if (!set_mask(p, panel, key, value, &ours) || ours)
        return ours && p->err->code == ERROR_NONE;
    if (str_starts(key, "dim") && isdigit((unsigned char)key[3]))
        return set_dim(p, panel, key, value);
    return set_other(p, panel, key, value);
}

/* ---- bad regions ---- */

static bool set_bad(struct parser *p, struct geom_bad *b, const char *key, const char *value)
{
    static const struct {
        const char *key;
        size_t offset;
        bool lab;
    } numbers[] = {
        {"min_x", offsetof(struct geom_bad, min_x), true},
        {"max_x", offsetof(struct geom_bad, max_x), true},
        {"min_y", offsetof(struct geom_bad, min_y), true},
        {"max_y", offsetof(struct geom_bad, max_y), true},
        {"min_fs", offsetof(struct geom_bad, min_fs), false},
        {"max_fs", offsetof(struct geom_bad, max_fs), false},
        {"min_ss", offsetof(struct geom_bad, min_ss), false},
        {"max_ss", offsetof(struct geom_bad, max_ss), false},
    };
    if (strcmp(key, "panel") == 0) {
        b->panel = arena_strdup(p->arena, value);
        return true;
    }
    for (size_t i = 0; i < sizeof numbers / sizeof *numbers; i++) {
        if (strcmp(key, numbers[i].key) != 0)
            continue;
        *(numbers[i].lab ? &b->in_lab : &b->in_slab) = true;
        if (b->in_lab && b->in_slab)
            return fault(p, key, value, "a bad region is given either in x and y or in fs and ss");
        double *out = (double *)((char *)b + numbers[i].offset);
        return (str_to_double(value, out) && isfinite(*out)) || fault(p, key, value, "not a number");
    }
    return fault(p, key, value, "no such field of a bad region");
}

static struct geom_bad *bad_named(struct parser *p, const char *name)
{
    struct geom *g = p->g;
    for (size_t i = g->n_bad; i-- > 0;) {
        if (strcmp(g->bad[i].name, name) == 0)
            return &g->bad[i];
    }
    if (g->n_bad == PANELS_MOST)
        return NULL;
    g->bad = arena_grow(p->arena, g->bad, g->n_bad, sizeof *g->bad);
    g->bad[g->n_bad] = (struct geom_bad){.name = arena_strdup(p->arena, name),
                                         .min_x = NAN,
                                         .max_x = NAN,
                                         .min_y = NAN,
                                         .max_y = NAN,
                                         .min_fs = NAN,
                                         .max_fs = NAN,
                                         .min_ss = NAN,
                                         .max_ss = NAN};
    return &g->bad[g->n_bad++];
}

/* ---- panels and groups ---- */

static struct geom_panel *panel_named(struct parser *p, const char *name)
{
    struct geom *g = p->g;
    for (size_t i = g->n_panels; i-- > 0;) { /* the last one, mostly */
        if (strcmp(g->panels[i].name, name) == 0)
            return &g->panels[i];
    }
    if (g->n_panels == PANELS_MOST)
        return NULL;
    g->panels = arena_grow(p->arena, g->panels, g->n_panels, sizeof *g->panels);
    struct geom_panel *panel = &g->panels[g->n_panels++];
    *panel = p->defaults;
    panel->name = arena_strdup(p->arena, name);
    p->default_after_panels = false;
    return panel;
}

static bool add_group(struct parser *p, const char *key, char *value)
{
    struct geom *g = p->g;
    if (g->n_groups == GROUPS_MOST)
        return fault(p, key, value, "too many groups");
    struct geom_group group = {.name = arena_strdup(p->arena, key)};
    char *save = NULL;
    for (char *word = strtok_r(value, ",", &save); word; word = strtok_r(NULL, ",", &save)) {
        group.members = arena_grow(p->arena, group.members, group.n_members, sizeof *group.members);
        group.members[group.n_members++] = arena_strdup(p->arena, trim(word));
    }
    g->groups = arena_grow(p->arena, g->groups, g->n_groups, sizeof *g->groups);
    g->groups[g->n_groups++] = group;
    return true;
}

/* ---- top level ---- */

static bool set_wave(struct parser *p, const char *key, char *value)
{
    struct geom *g = p->g;
    if (g->has_wave)
        return fault(p, key, value, "the wavelength is given a second time");
    g->has_wave = true;
    if (strcmp(key, "photon_energy") == 0)
        return parse_value(p, key, value, energy_unit, 1, &g->energy);
    if (strcmp(key, "electron_voltage") == 0)
        return fault(p, key, value, "electron diffraction is not processed");
    char *end;
    g->wavelength = strtod(value, &end);
    char *unit = trim(end);
    if (end == value || !(g->wavelength > 0) || (strcmp(unit, "m") != 0 && strcmp(unit, "A") != 0))
        return fault(p, key, value, "not a wavelength with its unit, m or A");
    g->wavelength *= strcmp(unit, "m") == 0 ? 1e10 : 1;
    return true;
}

/* Top-level settings. *ours: it was one. */
static bool set_top(struct parser *p, const char *key, char *value, bool *ours)
{
    struct geom *g = p->g;
    *ours = true;
    if (strcmp(key, "photon_energy") == 0 || strcmp(key, "wavelength") == 0 ||
        strcmp(key, "electron_voltage") == 0)
        return set_wave(p, key, value);
    if (strcmp(key, "detector_shift_x") == 0)
        return parse_value(p, key, value, length_unit, 1, &g->shift_x);
    if (strcmp(key, "detector_shift_y") == 0)
        return parse_value(p, key, value, length_unit, 1, &g->shift_y);
    if (str_starts(key, "group_"))
        return add_group(p, key + 6, value);
    if (strcmp(key, "bandwidth") == 0 || strcmp(key, "photon_energy_bandwidth") == 0 ||
        str_starts(key, "peak_") || strcmp(key, "beam_bandwidth") == 0)
        return true;
    if (str_starts(key, "rigid_group_collection"))
        return true;
    if (str_starts(key, "rigid_group_"))
        return add_group(p, key + 12, value);
    *ours = false;
    return true;
}

static bool set_line(struct parser *p, char *key, char *value)
{
    char *slash = strchr(key, '/');
    bool ours;
    if (slash) {
        *slash = '\0';
        if (strncmp(key, "bad", 3) == 0) {
            struct geom_bad *b = bad_named(p, key);
            return b ? set_bad(p, b, slash + 1, value) : fault(p, key, value, "too many bad regions");
        }
        struct geom_panel *panel = panel_named(p, key);
        return panel ? set_field(p, panel, slash + 1, value) : fault(p, key, value, "too many panels");
    }
    if (!set_top(p, key, value, &ours) || ours)
        return p->err->code == ERROR_NONE;
    p->default_after_panels = p->g->n_panels > 0 && strcmp(key, "clen") != 0;
    p->default_line = p->line;
    if (strcmp(key, "clen") == 0) { /* for all panels, also those before it */
        p->g->has_clen = true;
        return parse_value(p, key, value, length_unit, 1e-3, &p->g->clen);
    }
    return set_field(p, &p->defaults, key, value);
}

static bool parse_line(struct parser *p, char *line)
{
    char *comment = strchr(line, ';');
    if (comment)
        *comment = '\0';
    line = trim(line);
    if (!*line)
        return true;
    char *equals = strchr(line, '=');
    if (!equals)
        return error_set(p->err, ERROR_METADATA, "%s, line %u: not \"key = value\": %.80s", p->g->name,
                         p->line, line);
    *equals = '\0';
    return set_line(p, trim(line), trim(equals + 1));
}

/* ---- the whole ---- */

static bool check_panel(const struct geom *g, const struct geom_panel *p, struct error *err)
{
    const char *lack = isnan(p->min_fs) || isnan(p->max_fs)       ? "min_fs and max_fs"
                       : isnan(p->min_ss) || isnan(p->max_ss)     ? "min_ss and max_ss"
                       : isnan(p->corner_x) || isnan(p->corner_y) ? "corner_x and corner_y"
                       : !p->has_fs || !p->has_ss                 ? "fs and ss"
                       : isnan(p->res)                            ? "res"
                       : !p->has_clen && !g->has_clen             ? "clen"
                                                                  : NULL;
    if (lack)
        return error_set(err, ERROR_METADATA, "%s: panel %s has no %s", g->name, p->name, lack);
    if (!(p->min_fs >= 0 && p->max_fs >= p->min_fs && p->max_fs < 65536 && p->min_ss >= 0 &&
          p->max_ss >= p->min_ss && p->max_ss < 65536) ||
        !(p->res > 0))
        return error_set(err, ERROR_METADATA, "%s: panel %s has an impossible size or resolution", g->name,
                         p->name);
    int order[2] = {-1, -1};
    for (int i = 0; i < GEOM_DIMENSIONS; i++) {
        if (p->dim[i].kind == GEOM_DIM_SLOW)
            order[0] = i;
        if (p->dim[i].kind == GEOM_DIM_FAST)
            order[1] = i;
    }
    bool given = false;
    for (int i = 0; i < GEOM_DIMENSIONS; i++)
        given = given || p->dim[i].kind != GEOM_DIM_NONE;
    if (given && (order[0] < 0 || order[1] < order[0]))
        return error_set(err, ERROR_METADATA, "%s: panel %s: dimensions ss and then fs are needed", g->name,
                         p->name);
    for (int i = 0; i < GEOM_MASKS; i++) {
        if (!p->mask[i].data && (p->mask[i].has_good || p->mask[i].has_bad))
            return error_set(err, ERROR_METADATA, "%s: panel %s: mask %d has bits but no data", g->name,
                             p->name, i);
    }
    return true;
}

static bool check_whole(struct parser *p)
{
    struct geom *g = p->g;
    if (g->n_panels == 0)
        return error_set(p->err, ERROR_METADATA, "%s: no panels in it", g->name);
    if (p->default_after_panels)
        return error_set(p->err, ERROR_METADATA,
                         "%s, line %u: a setting for all panels stands after the last panel", g->name,
                         p->default_line),
               error_hint(p->err, "put it before the first panel, or give it a panel's name");
    for (size_t i = 0; i < g->n_panels; i++) {
        if (!check_panel(g, &g->panels[i], p->err))
            return false;
    }
    return true;
}

bool geom_parse(const char *text, size_t n, const char *name, struct arena *a, struct geom *out,
                struct error *err)
{
    struct error here = {0};
    struct parser p = {.g = out, .arena = a, .err = &here};
    *out = (struct geom){.name = arena_strdup(a, name)};
    p.defaults = (struct geom_panel){.name = "",
                                     .min_fs = NAN,
                                     .max_fs = NAN,
                                     .min_ss = NAN,
                                     .max_ss = NAN,
                                     .corner_x = NAN,
                                     .corner_y = NAN,
                                     .res = NAN,
                                     .adu_per_ev = NAN,
                                     .adu_per_photon = NAN,
                                     .max_adu = INFINITY,
                                     .data = "/data/data"};
    char line[LINE_MOST];
    bool ok = true;
    for (size_t at = 0; ok && at < n;) {
        size_t end = at;
        while (end < n && text[end] != '\n' && text[end] != '\r')
            end++;
        p.line += at == 0 || text[at - 1] != '\r' || text[at] != '\n';
        if (end - at >= sizeof line || memchr(text + at, '\0', end - at)) {
            error_set(&here, ERROR_UNREADABLE, "%s, line %u: this is no geometry file", out->name, p.line);
            ok = false;
            break;
        }
        memcpy(line, text + at, end - at);
        line[end - at] = '\0';
        ok = parse_line(&p, line);
        at = end + 1;
    }
    ok = ok && check_whole(&p);
    if (!ok && err)
        *err = here;
    return ok;
}

bool geom_read(const char *path, struct arena *a, struct geom *out, struct error *err)
{
    struct bytes b = {0};
    bool ok =
        fs_read(path, FILE_MOST, &b, err) && geom_parse((const char *)b.data, b.size, path, a, out, err);
    bytes_free(&b);
    return ok;
}
