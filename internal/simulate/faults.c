/* faults.c - what goes wrong at beamtimes, as one table (SCIENCE 6.2). Each row must be found or flagged by the figures that
 * SCIENCE names; the tests of the pages and alarms simulate their runs with it. */
#include "simulate/simulate.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

typedef struct simulate_params params;

static bool beam_centre(params *p, double amount, struct frame_range when, struct error *err)
{
    (void)when, (void)err;
    p->shift_fast += 0.8 * amount; /* not along an axis */
    p->shift_slow -= 0.6 * amount;
    return true;
}

static bool distance(params *p, double amount, struct frame_range when, struct error *err)
{
    (void)when, (void)err;
    p->shift_distance += p->distance * amount / 100;
    return true;
}

static bool wavelength(params *p, double amount, struct frame_range when, struct error *err)
{
    (void)when, (void)err;
    p->header_wavelength *= 1 + amount / 100;
    return true;
}

static bool panel_shift(params *p, double amount, struct frame_range when, struct error *err)
{
    (void)when, (void)err;
    p->one_panel_shift = amount;
    return true;
}

static bool panel_turn(params *p, double amount, struct frame_range when, struct error *err)
{
    (void)when, (void)err;
    p->one_panel_turn_deg = amount;
    return true;
}

static bool gain(params *p, double amount, struct frame_range when, struct error *err)
{
    (void)when;
    if (!(amount > 0))
        return error_set(err, ERROR_USAGE, "the gain cannot be wrong by a factor of %g", amount);
    p->header_gain *= amount;
    return true;
}

static bool saturation(params *p, double amount, struct frame_range when, struct error *err)
{
    (void)when;
    if (!(amount > 0))
        return error_set(err, ERROR_USAGE, "the saturation cannot be wrong by a factor of %g", amount);
    p->header_saturation *= amount;
    return true;
}

static bool hot_row(params *p, double amount, struct frame_range when, struct error *err)
{
    (void)amount, (void)when, (void)err;
    return p->hot_row = true;
}

static bool dead_block(params *p, double amount, struct frame_range when, struct error *err)
{
    (void)amount, (void)when, (void)err;
    return p->dead_block = true;
}

static bool salt(params *p, double amount, struct frame_range when, struct error *err)
{
    (void)when, (void)err;
    p->salt = amount;
    return true;
}

static bool two_forms(params *p, double amount, struct frame_range when, struct error *err)
{
    (void)when, (void)err;
    p->second_form = amount;
    return true;
}

/* The cell as told, before a fault changes it. */
static double *told_cell(params *p)
{
    if (!(p->told_cell[0] > 0))
        memcpy(p->told_cell, p->cell, sizeof p->cell);
    return p->told_cell;
}

/* Axes equal to a get longer with it: a cell that the space group allows. */
static bool cell(params *p, double amount, struct frame_range when, struct error *err)
{
    (void)when, (void)err;
    double *told = told_cell(p), a = told[0];
    for (int i = 0; i < 3; i++)
        if (fabs(told[i] - a) < 1e-6 * a)
            told[i] *= 1 + amount / 100;
    return true;
}

static bool swapped_axes(params *p, double amount, struct frame_range when, struct error *err)
{
    (void)amount, (void)when, (void)err;
    double *told = told_cell(p), c = told[2], ga = told[5];
    told[2] = told[0], told[0] = c;
    told[5] = told[3], told[3] = ga;
    p->told_space_group = "P 1"; /* the true group would refuse the cell */
    return true;
}

/* The group of the same rotations and centring without screw axes and glide planes. */
static bool space_group(params *p, double amount, struct frame_range when, struct error *err)
{
    (void)amount, (void)when;
    struct space_group real, other;
    if (!space_group_find(p->space_group, &real, err))
        return false;
    for (int number = 1; number <= 230; number++) {
        char text[8];
        snprintf(text, sizeof text, "%d", number);
        if (!space_group_find(text, &other, err) || other.centring != real.centring ||
            other.n_ops != real.n_ops)
            continue;
        int found = 0;
        for (int i = 0; i < real.n_ops; i++)
            for (int k = 0; k < other.n_ops; k++)
                found += !memcmp(real.ops[i].r, other.ops[k].r, sizeof real.ops[i].r);
        int repeats = 0; /* of each rotation, one a centring vector: every pair was counted */
        for (int k = 0; k < real.n_ops; k++)
            repeats += !memcmp(real.ops[0].r, real.ops[k].r, sizeof real.ops[0].r);
        if (found == real.n_ops * repeats) {
            p->told_space_group = other.hm; /* the lowest number has no screws */
            return true;
        }
    }
    return error_set(err, ERROR_USAGE, "no group without screw axes is known for %s", p->space_group);
}

static bool duplicates(params *p, double amount, struct frame_range when, struct error *err)
{
    (void)amount, (void)when, (void)err;
    return p->duplicates = true;
}

static bool moved(params *p, double amount, struct frame_range when, struct error *err)
{
    (void)err;
    p->moved_from = when.last > when.first && when.first ? when.first : 1;
    p->moved_px = when.last > when.first ? 2 : amount;
    return true;
}

static bool jet_off(params *p, double amount, struct frame_range when, struct error *err)
{
    (void)amount, (void)err;
    p->jet_off = when;
    return true;
}

static bool ice(params *p, double amount, struct frame_range when, struct error *err)
{
    (void)amount, (void)err;
    p->ice_time = when;
    if (!(p->ice > 0))
        p->ice = 3 * fmax(p->background, 0.5);
    return true;
}

// clang-format off
const struct simulate_fault simulate_faults[] = {
    {"beam-centre", "PX", "the header's beam centre is off by so much", 3, beam_centre},
    {"distance", "PERCENT", "the header's distance is too long by so much", 0.5, distance},
    {"wavelength", "PERCENT", "the header's wavelength is too long by so much", 0.3, wavelength},
    {"panel-shift", "PX", "the first panel is not where the header says", 2, panel_shift},
    {"panel-turn", "DEGREES", "the first panel is turned in its plane", 0.2, panel_turn},
    {"gain", "FACTOR", "the header's gain is wrong by a factor", 2, gain},
    {"saturation", "FACTOR", "the header's saturation value is wrong by a factor", 2, saturation},
    {"hot-row", NULL, "a row of pixels is always on, and not in the mask", 0, hot_row},
    {"dead-block", NULL, "a block of pixels is always off, and not in the mask", 0, dead_block},
    {"salt", "SHARE", "so many of the shots hit a salt crystal", 0.2, salt},
    {"two-forms", "SHARE", "so many of the crystals have a c axis 3 % longer", 0.3, two_forms},
    {"cell", "PERCENT", "the cell that is told has a too long by so much", 2, cell},
    {"swapped-axes", NULL, "the cell that is told has a and c exchanged", 0, swapped_axes},
    {"space-group", NULL, "the space group that is told lacks screw axes and glide planes", 0, space_group},
    {"duplicates", NULL, "every second frame is the one before", 0, duplicates},
    {"moved", "FIRST-LAST", "the detector moves by two pixels before frame FIRST", 2, moved},
    {"jet-off", "FIRST-LAST", "no jet in these frames", 0, jet_off},
    {"ice", "FIRST-LAST", "rings of ice in these frames", 0, ice},
    {0},
};
// clang-format on

static bool unknown(const char *name, size_t n, struct error *err)
{
    struct str names = {0};
    error_set(err, ERROR_USAGE, "no fault is known as %.*s", (int)(n < 80 ? n : 80), name);
    for (const struct simulate_fault *f = simulate_faults; f->name; f++)
        str_printf(&names, "%s%s", names.len ? ", " : "known are ", f->name);
    error_hint(err, "%s", names.text);
    str_free(&names);
    return false;
}

/* "FIRST-LAST", both counted from 0 and included. */
static bool read_range(const char *text, struct frame_range *out)
{
    unsigned first, last;
    char more;
    if (sscanf(text, "%9u-%9u%c", &first, &last, &more) != 2 || last < first)
        return false;
    *out = (struct frame_range){first, last + 1};
    return true;
}

bool simulate_fault(struct simulate_params *p, const char *text, struct error *err)
{
    size_t n = strcspn(text, "=");
    const char *value = text[n] ? text + n + 1 : NULL;
    const struct simulate_fault *f = simulate_faults;
    while (f->name && (strlen(f->name) != n || memcmp(f->name, text, n) != 0))
        f++;
    if (!f->name)
        return unknown(text, n, err);
    double amount = f->amount;
    struct frame_range when = {0};
    bool range = f->value && !strcmp(f->value, "FIRST-LAST");
    bool good = range ? value && read_range(value, &when)
                      : !value || (f->value && str_to_double(value, &amount) && isfinite(amount));
    if (!good)
        return error_set(err, ERROR_USAGE,
                         f->value ? "the fault %s takes %s, not \"%s\""
                                  : "the fault %s takes nothing%.0s%.0s",
                         f->name, f->value ? f->value : "", value ? value : "");
    return f->apply(p, amount, when, err);
}
