/* truth.c - what was simulated, as JSON (version 2): parameters, panels as they are and as the header says, every frame. */
#include "simulate/simulate.h"

static void put_panels(struct json_writer *j, const char *key, const struct detector *d)
{
    json_array(j, key, false);
    for (size_t k = 0; k < d->n_panels; k++) {
        const struct panel *p = &d->panels[k];
        json_object(j, NULL);
        json_put_reals(j, "origin_mm", p->origin, 3);
        json_put_reals(j, "fast", p->fast, 3);
        json_put_reals(j, "slow", p->slow, 3);
        json_put_real(j, "pixel_mm", p->pixel_fast);
        json_end_object(j);
    }
    json_end_array(j);
}

/* What is usual is left out: pulse of mean energy, beam on the axis, a jet without ice or salt. */
static void put_frame(struct json_writer *j, uint32_t n, const struct simulate_truth *t)
{
    json_object(j, NULL);
    json_put_int(j, "frame", n);
    json_put_real(j, "wavelength", t->wavelength);
    json_put_real(j, "background", t->background);
    if (t->pulse != 1)
        json_put_real(j, "pulse", t->pulse);
    if (t->direction[0] != 0 || t->direction[1] != 0)
        json_put_reals(j, "direction_mrad", t->direction, 2);
    if (!t->jet)
        json_put_bool(j, "jet", false);
    if (t->ice)
        json_put_bool(j, "ice", true);
    if (t->salt)
        json_put_bool(j, "salt", true);
    if (t->duplicate_of)
        json_put_int(j, "duplicate_of", t->duplicate_of - 1);
    json_array(j, "lattices", false);
    for (int i = 0; i < t->n_lattices; i++) {
        json_object(j, NULL);
        json_put_reals(j, "A", t->lattices[i].A, 9);
        json_put_reals(j, "cell", t->lattices[i].cell, 6);
        json_put_real(j, "scale", t->lattices[i].scale);
        if (t->lattices[i].form)
            json_put_int(j, "form", t->lattices[i].form);
        json_put_int(j, "n_reflections", t->lattices[i].n_reflections);
        json_end_object(j);
    }
    json_end_array(j);
    json_end_object(j);
}

void simulate_truth_json(const struct scene *s, const struct simulate_truth *truth, uint32_t n,
                         struct str *out)
{
    const struct simulate_params *p = scene_params(s);
    struct json_writer j = {.out = out, .indent = 1};

    json_object(&j, NULL);
    json_put_int(&j, "version", 2);
    json_put_int(&j, "seed", (int64_t)p->seed);
    json_put_text(&j, "space_group", scene_group(s)->hm);
    json_put_reals(&j, "cell", p->cell, 6);
    json_put_real(&j, "wavelength", p->wavelength);
    json_put_real(&j, "domain_size_ang", p->domain_size);
    json_put_real(&j, "mosaicity_deg", p->mosaicity_deg);
    json_put_real(&j, "bandwidth", p->bandwidth);
    json_put_real(&j, "gain", p->gain);
    json_put_real(&j, "noise", p->noise);
    put_panels(&j, "true_panels", scene_true_detector(s));
    put_panels(&j, "header_panels", scene_detector(s));
    json_array(&j, "frames", false);
    for (uint32_t i = 0; i < n; i++)
        put_frame(&j, i, &truth[i]);
    json_end_array(&j);
    json_end_object(&j);
    str_addc(out, '\n');
}
