/* finding.h - what a survey found, between the files that find, keep and use it. Private to pipeline/. */
#ifndef XFELX_PIPELINE_FINDING_H
#define XFELX_PIPELINE_FINDING_H

#include "model/model.h"
#include "pipeline/survey.h"
#include "pipeline/survey_cell.h"
#include "pipeline/workspace.h"

/* Contents of a finding. */
struct found {
    bool known;     /* the detector's place and the noise are known */
    bool corrected; /* and it is not where the header says */
    bool has_cell;  /* a cell was looked for: */
    struct found_cell cell;
    struct run_noise noise;
    struct geometry_correction correction;
    size_t n_panels;
    double strain, strain_sigma; /* of the given cell, mean of axes and stills; sigma 0: not known */
    /* of the sample's first hit, when corrected: who it is, its beam, its detector at the corrected place */
    struct frame_id id;
    struct beam beam;
    struct detector *detector;
};

void found_pack(const struct found *f, struct str *out);
bool found_unpack(const struct finding *f, struct arena *a, struct found *out, struct error *err);

/* Beams as bytes. */
void beam_pack(const struct beam *b, struct str *out);
void beam_unpack(struct unwire *in, struct beam *b);

/* Put the frame's detector where the recipe's correction says. Detectors with another number of panels stay. */
void geometry_place(const struct recipe *r, struct workspace *w);

#endif
