/* survey_cell.c - see survey_cell.h. The kernels decide on the lattice; here it meets the space group: one that is given says which
 * lattices may be and in which setting the cell is written, without one the rotations of the lattice itself are taken.
 */
#include "pipeline/survey_cell.h"

#include "pipeline/workspace.h"

#include "kernels/geometry.h"
#include "kernels/lattice.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

bool survey_wants_cell(const struct recipe *r)
{
    return r->find_cell;
}

size_t survey_cell_shots(const struct recipe *r)
{
    return r->cell_shots;
}

static struct free_params params_of(const struct recipe *r)
{
    struct free_params p = r->free;
    p.sigma_px = r->indexing.sigma_px;
    p.sigma_e0 = r->indexing.sigma_e0;
    p.sigma_e1 = r->indexing.sigma_e1;
    p.min_evidence = r->indexing.min_evidence;
    return p;
}

void survey_lattice(const struct recipe *r, struct block *memory, const struct beam_vector *beam,
                    const struct ray *rays, size_t n, struct free_lattice *out)
{
    struct free_params p = params_of(r);
    lattice_free_find(&p, beam, rays, n, out, block_reserve(memory, lattice_free_work_size(n), 1));
}

void survey_lattice_again(const struct recipe *r, struct block *memory, const struct beam_vector *beam,
                          const struct ray *rays, size_t n, struct free_lattice *lattice)
{
    struct free_params p = params_of(r);
    p.shift_px = 0.15; /* what is left of the beam's place when the detector's is known */
    if (lattice->accepted)
        lattice_free_refine(&p, beam, rays, n, lattice, block_reserve(memory, lattice_free_work_size(n), 1));
}

/* ---- space groups and lattices ---- */

/* The Bravais lattice of a space group; "": of a setting that is not one of a conventional cell. */
static void lattice_of_group(const struct space_group *g, char symbol[4])
{
    static const struct {
        const char *system, *centring;
        char symbol[4];
    } TABLE[] = {
        // clang-format off
        {"triclinic", "P", "aP"},    {"monoclinic", "P", "mP"},   {"monoclinic", "ABCI", "mC"},   {"orthorhombic", "P", "oP"},
        {"orthorhombic", "ABC", "oC"}, {"orthorhombic", "I", "oI"}, {"orthorhombic", "F", "oF"},  {"tetragonal", "P", "tP"},
        {"tetragonal", "I", "tI"},   {"hexagonal", "P", "hP"},    {"hexagonal", "R", "hR"},       {"rhombohedral", "P", "hR"},
        {"cubic", "P", "cP"},        {"cubic", "I", "cI"},        {"cubic", "F", "cF"},
        // clang-format on
    };
    const char *system = space_group_system(g);
    symbol[0] = 0;
    for (size_t i = 0; i < sizeof TABLE / sizeof *TABLE; i++)
        if (strcmp(TABLE[i].system, system) == 0 && strchr(TABLE[i].centring, g->centring))
            memcpy(symbol, TABLE[i].symbol, sizeof TABLE[i].symbol);
}

/* The rotations of the lattice without any screw: no reflection is lost by it. */
static const char *group_of_lattice(const char *symbol)
{
    static const char *const TABLE[][2] = {
        {"aP", "P 1"},      {"mP", "P 1 2 1"}, {"mC", "C 1 2 1"}, {"oP", "P 2 2 2"}, {"oC", "C 2 2 2"},
        {"oI", "I 2 2 2"},  {"oF", "F 2 2 2"}, {"tP", "P 4 2 2"}, {"tI", "I 4 2 2"}, {"hP", "P 6 2 2"},
        {"hR", "R 3 2 :H"}, {"cP", "P 4 3 2"}, {"cI", "I 4 3 2"}, {"cF", "F 4 3 2"},
    };
    for (size_t i = 0; i < sizeof TABLE / sizeof *TABLE; i++)
        if (strcmp(TABLE[i][0], symbol) == 0)
            return TABLE[i][1];
    return "P 1";
}

/* How oblique a cell is: of the settings that fit, the most rectangular. */
static double obliqueness(const double cell[6])
{
    double sum = 0;
    for (int i = 3; i < 6; i++)
        sum += fabs(cell[i] - 90);
    return sum;
}

/* The conventional cell in the setting of a space group: axes exchanged, or another cell of the monoclinic net. */
static bool cell_in_setting(const struct run_cell *run, const struct space_group *g, double cell[6])
{
    enum { CHANGES = 3600 };
    static const double UNIT[9] = {1, 0, 0, 0, 1, 0, 0, 0, 1};
    double primitive[9], least = INFINITY;
    if (!lattice_primitive(run->bravais[1], run->axes, primitive, NULL))
        return false;
    if (strcmp(space_group_system(g), "rhombohedral") == 0) {
        lattice_cell(primitive, cell);
        return space_group_fits_cell(g, cell, 1e-4, 0.01);
    }
    int8_t(*change)[9] = malloc((size_t)CHANGES * sizeof *change);
    size_t n = change ? lattice_operations(UNIT, 0, INFINITY, change, CHANGES) : 0;
    for (size_t k = 0; k < n && k < CHANGES; k++) {
        double basis[9], part[9], six[6];
        lattice_change(run->axes, change[k], basis);
        lattice_cell(basis, six);
        if (!(obliqueness(six) < least - 1e-6) || !space_group_fits_cell(g, six, 1e-5, 1e-3) ||
            !lattice_primitive(g->centring, basis, part, NULL) || !lattice_is_same(part, primitive, 1e-3))
            continue;
        least = obliqueness(six);
        memcpy(cell, six, sizeof six);
    }
    free(change);
    return least < INFINITY;
}

/* ---- the decision ---- */

bool survey_cell_decide(const struct recipe *r, const struct free_lattice *lattices, size_t n, bool corrected,
                        struct found_cell *out)
{
    struct cell_run_params p = r->cell_run;
    struct space_group group = r->group;
    struct block memory = {0};
    struct error err = {0};
    memset(out, 0, sizeof *out);
    out->n_shots = (uint32_t)n;
    out->corrected = corrected;
    out->assumed = group.n_ops == 0;
    if (corrected)
        p.geometry_strain /= 2;
    if (!out->assumed)
        lattice_of_group(&group, p.bravais);
    bool found = cell_run(&p, lattices, n, &out->run, block_reserve(&memory, cell_run_work_size(n), 1));
    free(memory.data);
    if (!found || out->run.n_members < SURVEY_CELL_LEAST)
        return false;
    if (out->assumed && !space_group_find(group_of_lattice(out->run.bravais), &group, &err))
        return false;
    if (!cell_in_setting(&out->run, &group, out->cell))
        return false;
    snprintf(out->group, sizeof out->group, "%s", group.hall);
    out->found = 1;
    out->decided = out->run.n_members >= SURVEY_CELL_SURE && out->run.p >= SURVEY_CELL_CERTAIN;
    return true;
}

/* ---- words ---- */

/* "58.20 81.02 58.90 β 92.41": angles that the lattice leaves free. */
static void add_cell(const struct found_cell *c, struct str *out)
{
    static const char *const NAME[3] = {"α", "β", "γ"};
    str_printf(out, "%.2f %.2f %.2f", c->cell[0], c->cell[1], c->cell[2]);
    for (int i = 0; i < 3; i++)
        if (c->cell[3 + i] != 90 && !(c->run.bravais[0] == 'h' && c->run.bravais[1] == 'P'))
            str_printf(out, " %s %.2f", NAME[i], c->cell[3 + i]);
}

static void say_nothing_found(const struct recipe *r, const struct found_cell *c, struct str *out)
{
    uint32_t agree = c->run.n_members;
    if (r->group.n_ops && agree >= SURVEY_CELL_LEAST)
        str_printf(out, "no cell found: the lattice of %u of %u shots cannot be one of space group %s\n",
                   agree, c->n_shots, r->group.hm);
    else if (c->n_shots == 0)
        str_add(
            out,
            "no cell found: no frame of the sample has spots enough; hits are not indexed: more frames, or "
            "indexing.known_symmetry.unit_cell\n");
    else
        str_printf(
            out,
            "no cell found: of %u shots %u show a lattice by themselves, %u agree, %d are needed; hits "
            "are not indexed: more frames, or indexing.known_symmetry.unit_cell\n",
            c->n_shots, c->run.n_accepted, agree, SURVEY_CELL_LEAST);
}

void survey_cell_say(const struct recipe *r, const struct found_cell *c, struct str *out)
{
    if (!c->found) {
        say_nothing_found(r, c, out);
        return;
    }
    const struct run_cell *run = &c->run;
    str_printf(out, "cell %s: %s ", c->decided ? "found" : "found, undecided", run->bravais);
    add_cell(c, out);
    str_printf(out, ", from %u of %u shots, p %.4f", run->n_members, c->n_shots, run->p);
    if (run->next[0])
        str_printf(out, "; next %s, cost +%.0f", run->next, run->next_cost);
    str_printf(out, "; scatter %.4f, common scale %.4f%s\n", run->tau, run->kappa,
               c->corrected ? "" : "; geometry as given");
    if (!c->decided && run->n_members < SURVEY_CELL_SURE)
        str_printf(out, "the cell is not sure: %d shots that agree are needed, there are %u\n",
                   SURVEY_CELL_SURE, run->n_members);
    else if (!c->decided)
        str_printf(out, "the lattice is not sure: p is below %.2f; going on with %s\n", SURVEY_CELL_CERTAIN,
                   run->bravais);
    if (c->assumed)
        str_printf(out,
                   "space group assumed: %s, the symmetry of the lattice (that of the crystal may be lower); "
                   "say which with "
                   "indexing.known_symmetry.space_group=\n",
                   group_of_lattice(run->bravais));
    else if (r->group.number == 17 || r->group.number == 18)
        str_printf(out, "axes of %s are taken by length: which is the single one only intensities can tell\n",
                   r->group.hm);
}

/* ---- bytes ---- */

static void reals(struct str *out, const double *v, size_t n)
{
    for (size_t i = 0; i < n; i++)
        wire_real(out, v[i]);
}

static bool get_reals(struct unwire *in, double *v, size_t n)
{
    bool ok = true;
    for (size_t i = 0; i < n; i++) {
        v[i] = unwire_real(in);
        ok = ok && isfinite(v[i]);
    }
    return ok;
}

static void word_pack(const char *word, size_t size, struct str *out)
{
    for (size_t i = 0; i < size; i++)
        wire_u8(out, (uint8_t)word[i]);
}

static void word_unpack(struct unwire *in, char *word, size_t size)
{
    for (size_t i = 0; i < size; i++)
        word[i] = (char)unwire_u8(in);
    word[size - 1] = 0;
}

void found_cell_pack(const struct found_cell *c, struct str *out)
{
    const struct run_cell *run = &c->run;
    wire_u8(out,
            (uint8_t)(c->found | c->decided << 1 | c->assumed << 2 | c->corrected << 3 | run->raised << 4));
    wire_u32(out, c->n_shots);
    wire_u32(out, run->n_members);
    wire_u32(out, run->n_accepted);
    reals(out, c->cell, 6);
    reals(out, run->cell, 6);
    reals(out, (double[]){run->p, run->next_cost, run->tau, run->kappa}, 4);
    reals(out, run->axes, 9);
    word_pack(run->bravais, sizeof run->bravais, out);
    word_pack(run->next, sizeof run->next, out);
    word_pack(c->group, sizeof c->group, out);
}

bool found_cell_unpack(struct unwire *in, struct found_cell *c)
{
    struct run_cell *run = &c->run;
    double four[4];
    uint8_t flags = unwire_u8(in);
    *c = (struct found_cell){.found = flags & 1,
                             .decided = flags >> 1 & 1,
                             .assumed = flags >> 2 & 1,
                             .corrected = flags >> 3 & 1};
    run->raised = flags >> 4 & 1;
    c->n_shots = unwire_u32(in);
    run->n_members = unwire_u32(in);
    run->n_accepted = unwire_u32(in);
    bool ok = get_reals(in, c->cell, 6);
    ok = get_reals(in, run->cell, 6) && ok;
    ok = get_reals(in, four, 4) && ok;
    ok = get_reals(in, run->axes, 9) && ok;
    run->p = four[0];
    run->next_cost = four[1];
    run->tau = four[2];
    run->kappa = four[3];
    word_unpack(in, run->bravais, sizeof run->bravais);
    word_unpack(in, run->next, sizeof run->next);
    word_unpack(in, c->group, sizeof c->group);
    return ok && !in->bad;
}

void free_lattice_pack(const struct free_lattice *l, struct str *out)
{
    reals(out, l->m, 9);
    reals(out, l->cov, 36);
    reals(out, l->shift, 2);
    reals(out, &l->evidence, 1);
    wire_u32(out, l->n_spots);
    wire_u32(out, l->n_explained);
    wire_u32(out, l->level);
    wire_u8(out, l->accepted != 0);
}

bool free_lattice_unpack(struct unwire *in, struct free_lattice *l)
{
    bool ok = get_reals(in, l->m, 9);
    ok = get_reals(in, l->cov, 36) && ok;
    ok = get_reals(in, l->shift, 2) && ok;
    ok = get_reals(in, &l->evidence, 1) && ok;
    l->n_spots = unwire_u32(in);
    l->n_explained = unwire_u32(in);
    l->level = unwire_u32(in);
    l->accepted = unwire_u8(in) == 1;
    return ok && !in->bad;
}

/* ---- into the recipe ---- */

bool recipe_take_found(struct recipe *r, const struct found_cell *c, struct arena *a, struct error *err)
{
    if (!r->find_cell)
        return true;
    if (!c->found) {
        struct str text = {0};
        survey_cell_say(r, c, &text);
        if (text.len && text.text[text.len - 1] == '\n')
            text.text[--text.len] = 0;
        r->no_index = arena_strdup(a, text.text ? text.text : "no cell found");
        str_free(&text);
        return true;
    }
    char hall[sizeof c->group];
    memcpy(hall, c->group, sizeof hall);
    hall[sizeof hall - 1] = 0;
    if (!space_group_from_hall(hall, &r->group, err) || !recipe_add_cell(r, c->cell, a, err))
        return false;
    r->no_index = NULL;
    r->index = true;
    return true;
}
