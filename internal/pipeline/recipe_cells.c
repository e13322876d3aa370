/* recipe_cells.c - the candidate cells of a recipe: the one of known_symmetry, or the isoforms (SCIENCE 7, ALGORITHMS 3.7). All of
 * them are searched in every frame and the best by evidence wins; forms have one space group, since a job's lattices are written
 * in one.
 */
#include "pipeline/recipe.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

/* One index of hkl' = Pᵀ·hkl: "-h-k", "1/2*h+1/2*l". Changes of lattices are whole, halves or thirds. */
static void add_index(const double change[9], int column, struct str *out)
{
    bool first = true;
    for (int i = 0; i < 3; i++) {
        double v = change[3 * i + column];
        int sixths = (int)lround(6 * v), whole = 6;
        if (sixths == 0)
            continue;
        str_printf(out, "%s", sixths < 0 ? "-" : first ? "" : "+");
        sixths = abs(sixths);
        for (int d = 2; d <= 3; d++)
            while (sixths % d == 0 && whole % d == 0) {
                sixths /= d;
                whole /= d;
            }
        if (whole != 1)
            str_printf(out, "%d/%d*", sixths, whole);
        else if (sixths != 1)
            str_printf(out, "%d*", sixths);
        str_printf(out, "%c", "hkl"[i]);
        first = false;
    }
}

/* "-h,-k,l; k,h,-l": hkl under every operator. */
static const char *ambiguity_words(const struct ambiguity *ways, struct arena *a)
{
    struct str text = {0};
    for (size_t k = 0; k < ways->n; k++)
        for (int column = 0; column < 3; column++) {
            str_printf(&text, "%s", column ? "," : k ? "; " : "");
            add_index(ways->change[k], column, &text);
        }
    const char *words = ways->n ? arena_strdup(a, text.text) : NULL;
    str_free(&text);
    return words;
}

bool recipe_add_cell(struct recipe *r, const double cell[6], struct arena *a, struct error *err)
{
    if (r->n_cells == RECIPE_CELLS) {
        error_set(err, ERROR_USAGE, "more than %d candidate cells", RECIPE_CELLS);
        return error_hint(err, "indexing.stills.isoforms: leave out forms that do not occur");
    }
    struct known_cell *k = &r->known[r->n_cells];
    memcpy(k->cell, cell, sizeof k->cell);
    k->centring = r->group.n_ops ? r->group.centring : 'P';
    k->n_rotations = r->group.n_ops;
    int8_t(*rotations)[9] = arena_array(a, r->group.n_ops + 1u, sizeof *rotations);
    for (size_t i = 0; i < r->group.n_ops; i++)
        memcpy(rotations[i], r->group.ops[i].r, sizeof *rotations);
    k->rotations = (const int8_t(*)[9])rotations;
    size_t size = index_cell_size(k);
    void *memory = (void *)(((uintptr_t)arena_alloc(a, size + 64) + 63) / 64 * 64);
    r->cells[r->n_cells] = size ? index_cell_init(k, memory) : NULL;
    if (r->cells[r->n_cells]) {
        ambiguity_find(r->cells[r->n_cells], k->rotations, k->n_rotations, &r->ambiguity[r->n_cells]);
        if (!r->ambiguity_text)
            r->ambiguity_text = ambiguity_words(&r->ambiguity[r->n_cells], a);
        r->n_cells++;
        return true;
    }
    error_set(err, ERROR_USAGE, "unit cell %g,%g,%g,%g,%g,%g cannot be used with space group %s", cell[0],
              cell[1], cell[2], cell[3], cell[4], cell[5], r->group.n_ops ? r->group.hm : "P 1");
    return error_hint(
        err,
        "indexing.known_symmetry: a cell in the setting of its space group, lengths in Å, angles in degrees");
}

/* A parameter of isoform i. */
static const char *of_form(struct arena *a, size_t i, const char *name)
{
    return arena_printf(a, "indexing.stills.isoforms[%zu].%s", i, name);
}

/* The space group of all forms: that of the first that names one, and every other must name the same. */
static bool take_group_of_forms(struct recipe *r, const struct params *p, size_t n, struct arena *a,
                                struct error *err)
{
    for (size_t i = 0; i < n; i++) {
        const char *symbol = param_text(p, of_form(a, i, "lookup_symbol"), NULL);
        struct space_group group;
        if (!symbol)
            continue;
        if (!space_group_find(symbol, &group, err))
            return false;
        if (r->group.n_ops && strcmp(group.hall, r->group.hall) != 0) {
            error_set(err, ERROR_USAGE, "isoforms of different space groups, %s and %s, are not supported",
                      r->group.hm, group.hm);
            return error_hint(err, "process each space group in a job of its own");
        }
        r->group = group;
    }
    return true;
}

static bool take_forms(struct recipe *r, const struct params *p, size_t n, struct arena *a, struct error *err)
{
    if (!take_group_of_forms(r, p, n, a, err))
        return false;
    for (size_t i = 0; i < n; i++) {
        const double *cell = NULL;
        if (param_reals(p, of_form(a, i, "cell"), &cell) != 6) {
            error_set(err, ERROR_USAGE, "isoform %zu has no cell", i + 1);
            return error_hint(err, "indexing.stills.isoforms.cell: a b c α β γ");
        }
        if (!recipe_add_cell(r, cell, a, err))
            return false;
    }
    return true;
}

/* None is given: a survey finds one before the first frame is indexed. */
static void find_one(struct recipe *r, const struct params *p)
{
    free_params_default(&r->free);
    cell_run_params_default(&r->cell_run);
    r->free.min_cell = param_real(p, "indexing.min_cell", r->free.min_cell);
    r->free.max_cell = param_real(p, "indexing.max_cell", 0);
    r->cell_run.geometry_strain = param_real(p, "xfelx.cell.geometry_strain", r->cell_run.geometry_strain);
    r->cell_run.match = param_real(p, "xfelx.cell.match", r->cell_run.match);
    r->cell_shots = (size_t)param_int(p, "xfelx.cell.min_shots", 20);
    r->find_cell = true;
    r->index = false;
    r->no_index = "no unit cell is given, and the frames were not looked through for one";
}

bool recipe_take_cells(struct recipe *r, const struct params *p, struct arena *a, struct error *err)
{
    const char *group = param_text(p, "indexing.known_symmetry.space_group", NULL);
    size_t n_forms = param_count(p, "indexing.stills.isoforms");
    const double *cell = NULL;
    bool known = param_reals(p, "indexing.known_symmetry.unit_cell", &cell) == 6;
    if (group && !space_group_find(group, &r->group, err))
        return false;
    if (n_forms && known) {
        error_set(err, ERROR_USAGE,
                  "indexing.known_symmetry.unit_cell and indexing.stills.isoforms are both given");
        return error_hint(err, "make the known cell one of the isoforms, or leave it out");
    }
    if (n_forms)
        return take_forms(r, p, n_forms, a, err);
    if (known)
        return recipe_add_cell(r, cell, a, err);
    if (r->index)
        find_one(r, p);
    return true;
}
