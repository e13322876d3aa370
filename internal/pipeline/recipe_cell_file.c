/* recipe_cell_file.c - the candidate cells of a recipe from a list in a file (xfelx.cell.file, SCIENCE 21): a CrystFEL .cell file, JSON, PHIL
 * as parameters have it, or a text of one cell a line. All cells have one space group, since a job's lattices are written in one. */
#include "pipeline/recipe_files.h"

#include <ctype.h>
#include <string.h>

struct cells_read {
    struct recipe *r;
    const char *path;
    struct arena *a;
    bool group_given; /* by a parameter */
    size_t n;
};

/* ---- one cell ---- */

/* Take the space group of a cell, unless there is one: then it must be the same. where: for messages. */
static bool take_group(struct cells_read *x, const char *symbol, const char *where, struct error *err)
{
    struct space_group group, *now = &x->r->group;
    if (!symbol || !*symbol)
        return true;
    if (!space_group_find(symbol, &group, err))
        return err->code = ERROR_USAGE, false;
    if (!now->n_ops && x->n > 0)
        return error_set(err, ERROR_USAGE, "%s %s: a space group, after cells that have none", x->path,
                         where);
    if (now->n_ops && strcmp(group.hall, now->hall) != 0) {
        error_set(err, ERROR_USAGE, "%s %s: space group %s, where %s has %s", x->path, where, group.hm,
                  x->group_given ? "indexing.known_symmetry" : "the first cell", now->hm);
        return error_hint(err, "process each space group in a job of its own");
    }
    *now = group;
    return true;
}

static bool take_cell(struct cells_read *x, const double cell[6], const char *symbol, const char *where,
                      struct error *err)
{
    if (!take_group(x, symbol, where, err))
        return false;
    x->n++;
    return recipe_add_cell(x->r, cell, x->a, err);
}

/* ---- CrystFEL's .cell: a lattice, no space group ---- */

/* The space group of fewest operators that a lattice has: what the file says, and no more. */
static const struct lattice_word {
    const char *type;
    char centring, axis; /* 0: any */
    const char *group;
} lattices[] = {
    {"triclinic", 'P', 0, "P 1"},        {"monoclinic", 'P', 'b', "P 1 2 1"},
    {"monoclinic", 'C', 'b', "C 1 2 1"}, {"monoclinic", 'A', 'b', "A 1 2 1"},
    {"monoclinic", 'I', 'b', "I 1 2 1"}, {"monoclinic", 'P', 'c', "P 1 1 2"},
    {"monoclinic", 'P', 'a', "P 2 1 1"}, {"orthorhombic", 'P', 0, "P 2 2 2"},
    {"orthorhombic", 'C', 0, "C 2 2 2"}, {"orthorhombic", 'A', 0, "A 2 2 2"},
    {"orthorhombic", 'B', 0, "B 2 2 2"}, {"orthorhombic", 'I', 0, "I 2 2 2"},
    {"orthorhombic", 'F', 0, "F 2 2 2"}, {"tetragonal", 'P', 'c', "P 4"},
    {"tetragonal", 'I', 'c', "I 4"},     {"hexagonal", 'P', 'c', "P 3"},
    {"hexagonal", 'H', 'c', "R 3 :H"},   {"rhombohedral", 'R', 0, "R 3 :R"},
    {"cubic", 'P', 0, "P 2 3"},          {"cubic", 'I', 0, "I 2 3"},
    {"cubic", 'F', 0, "F 2 3"},
};

static const char *group_of_lattice(const char *type, char centring, char axis)
{
    for (size_t i = 0; i < sizeof lattices / sizeof *lattices; i++)
        if (!strcmp(lattices[i].type, type) && lattices[i].centring == centring &&
            (!lattices[i].axis || !axis || lattices[i].axis == axis))
            return lattices[i].group;
    return NULL;
}

struct crystfel_cell {
    char type[32], centring, axis;
    double cell[6];
    unsigned have;
};

/* "a = 79.1 A": nm too. Keys that say nothing of the cell are passed over. */
static bool crystfel_line(struct crystfel_cell *c, char *line)
{
    static const char *const keys[6] = {"a", "b", "c", "al", "be", "ga"};
    char *save = NULL, *key = strtok_r(line, " \t\r=;", &save), *value = strtok_r(NULL, " \t\r=", &save),
         *unit = strtok_r(NULL, " \t\r", &save);
    double v;
    if (!key || !value)
        return true;
    if (!strcmp(key, "lattice_type"))
        return strlen(value) < sizeof c->type && strcpy(c->type, value);
    if (!strcmp(key, "centering"))
        return (c->centring = *value) != 0;
    if (!strcmp(key, "unique_axis"))
        return c->axis = *value == '*' || *value == '?' ? 0 : *value, true;
    for (size_t i = 0; i < 6; i++) {
        if (strcmp(key, keys[i]) != 0)
            continue;
        if (!str_to_double(value, &v))
            return false;
        c->cell[i] = i < 3 && unit && !strcmp(unit, "nm") ? 10 * v : v;
        c->have |= 1u << i;
    }
    return true;
}

/* The next line into a buffer, without its comment. False: there is none, or (*bad) it is too long to be one of ours. */
static bool next_line(const char *text, size_t n, size_t *at, char mark, char line[512], bool *bad)
{
    if (*at >= n)
        return false;
    const char *stop = memchr(text + *at, '\n', n - *at);
    size_t length = stop ? (size_t)(stop - (text + *at)) : n - *at;
    *bad = length >= 512 || memchr(text + *at, 0, length);
    if (*bad)
        return false;
    memcpy(line, text + *at, length);
    line[length] = 0;
    line[strcspn(line, (char[]){mark, 0})] = 0;
    *at += length + 1;
    return true;
}

static bool read_crystfel(struct cells_read *x, const char *text, size_t n, struct error *err)
{
    struct crystfel_cell c = {.centring = 'P'};
    char line[512];
    size_t at = 0, number = 0;
    bool bad = false;
    while (next_line(text, n, &at, ';', line, &bad)) {
        number++;
        if (number > 1 && !crystfel_line(&c, line))
            return error_set(err, ERROR_USAGE, "%s line %zu cannot be understood", x->path, number);
    }
    if (bad || c.have != 63)
        return error_set(err, ERROR_USAGE, "%s: a, b, c, al, be, ga are not all in it", x->path);
    const char *group = group_of_lattice(c.type, c.centring, c.axis);
    if (x->r->group.n_ops ? x->r->group.centring != (c.centring == 'H' ? 'R' : c.centring) : !group)
        return error_set(err, ERROR_USAGE, "%s: a %s lattice, centring %c, %s%s", x->path,
                         *c.type ? c.type : "nameless", c.centring,
                         x->r->group.n_ops ? "is not that of space group " : "is none that is known",
                         x->r->group.n_ops ? x->r->group.hm : ""),
               error_hint(err, "indexing.known_symmetry.space_group says the space group");
    return take_cell(x, c.cell, x->r->group.n_ops ? NULL : group, "", err);
}

/* ---- a text of one a line ---- */

static bool read_text(struct cells_read *x, const char *text, size_t n, struct error *err)
{
    char line[512];
    size_t at = 0, number = 0;
    bool bad = false;
    while (next_line(text, n, &at, '#', line, &bad)) {
        double cell[6];
        char *save = NULL, *word = strtok_r(line, " \t\r,;", &save);
        size_t k = 0;
        number++;
        if (!word)
            continue;
        for (; word && k < 6 && str_to_double(word, &cell[k]); k++)
            word = strtok_r(NULL, " \t\r,;", &save);
        if (k < 6) {
            error_set(err, ERROR_USAGE, "%s line %zu: six numbers of a cell stand here", x->path, number);
            return error_hint(
                err, "a b c alpha beta gamma, then if known a space group without blanks, then a name");
        }
        if (!take_cell(x, cell, word, arena_printf(x->a, "line %zu", number), err))
            return false;
    }
    return !bad || error_set(err, ERROR_USAGE, "%s is no list of cells", x->path);
}

/* ---- JSON: an array of cells, or an object that has one under "cells" ---- */

static bool read_json(struct cells_read *x, const char *text, size_t n, struct error *err)
{
    struct json *root = json_parse(text, n, x->path, err);
    if (!root)
        return err->code = ERROR_USAGE, false;
    const struct json *list = json_is_array(root) ? root : json_get(root, "cells");
    bool ok =
        json_is_array(list) || error_set(err, ERROR_USAGE, "%s: an array of cells is not in it", x->path);
    size_t number = 0;
    for (const struct json *c = ok ? json_first(list) : NULL; c && ok; c = json_next(c)) {
        double cell[6];
        const char *where = arena_printf(x->a, "cell %zu", ++number);
        const struct json *numbers =
            json_get(c, "unit_cell") ? json_get(c, "unit_cell") : json_get(c, "cell");
        ok = (json_numbers(numbers, cell, 6) ||
              error_set(err, ERROR_USAGE, "%s %s: \"unit_cell\" is not six numbers", x->path, where)) &&
             take_cell(x, cell, json_text(json_get(c, "space_group")), where, err);
    }
    json_free(root);
    return ok;
}

/* ---- PHIL: known_symmetry or isoforms, as parameters have them ---- */

static bool read_phil(struct cells_read *x, const char *text, size_t n, struct error *err)
{
    struct params *p = params_make(x->a);
    if (!params_merge_text(p, x->path, arena_strndup(x->a, text, n), err))
        return err->code = ERROR_USAGE, false;
    const char *group = param_text(p, "indexing.known_symmetry.space_group", NULL);
    struct space_group given = x->r->group;
    if (!take_group(x, group, "", err) || !recipe_take_cells(x->r, p, x->a, err))
        return false;
    x->n = x->r->n_cells;
    if (given.n_ops && strcmp(given.hall, x->r->group.hall) != 0)
        return error_set(err, ERROR_USAGE, "%s: space group %s, where indexing.known_symmetry has %s",
                         x->path, x->r->group.hm, given.hm);
    return true;
}

/* ---- which form ---- */

static bool has_word(const char *text, size_t n, const char *word)
{
    return memmem(text, n, word, strlen(word)) != NULL;
}

bool recipe_take_cell_file(struct recipe *r, const struct params *p, const char *text, size_t n,
                           const char *path, struct arena *a, struct error *err)
{
    struct cells_read x = {.r = r, .path = path, .a = a};
    const double *cell = NULL;
    const char *group = param_text(p, "indexing.known_symmetry.space_group", NULL);
    size_t at = 0;
    if (param_reals(p, "indexing.known_symmetry.unit_cell", &cell) == 6 ||
        param_count(p, "indexing.stills.isoforms"))
        return error_set(err, ERROR_USAGE, "cells are given by xfelx.cell.file and by other parameters"),
               error_hint(err, "leave out known_symmetry.unit_cell and stills.isoforms");
    if (group && !space_group_find(group, &r->group, err))
        return false;
    x.group_given = group != NULL;
    while (at < n && isspace((unsigned char)text[at]))
        at++;
    bool json = at < n && (text[at] == '{' || text[at] == '[');
    bool ok = json                                                    ? read_json(&x, text, n, err)
              : has_word(text, n < 64 ? n : 64, "CrystFEL unit cell") ? read_crystfel(&x, text, n, err)
              : has_word(text, n, "isoforms") || has_word(text, n, "unit_cell") ? read_phil(&x, text, n, err)
                                                                                : read_text(&x, text, n, err);
    return ok && (x.n > 0 || error_set(err, ERROR_USAGE, "%s has no cells", path));
}
