/* experiment.h - the identity of one lattice on one frame, and reading .expt files (reference geometry). */
#ifndef XFELX_MODEL_EXPERIMENT_H
#define XFELX_MODEL_EXPERIMENT_H

#include "base/base.h"
#include "model/beam.h"
#include "model/detector.h"

/* Deterministic version-8 UUID of a lattice (FORMATS 1.2): first 16 bytes of SHA-256 of
 * "path \0 frame \0 lattice \0 recipe_hash" (numbers decimal) with version and variant bits set.
 * bytes[16] and text[37] may each be NULL. ("toy.h5", 0, 0, "params") gives 949ac037-1fed-88df-8d63-06fff5fd2fc1. */
void experiment_identifier(const char *path, uint32_t frame, uint32_t lattice, const char *recipe_hash,
                           uint8_t bytes[16], char text[37]);

/* Read the beam and the detector of an .expt file (FORMATS 1.9, 1.10): reference geometry. Several detectors are accepted
 * only if equal; of several beams, which must agree in direction, the first experiment's is given (its wavelength is that
 * of one shot). Fails with the key named; never opens image files or pickles. Memory comes from the arena. */
bool experiment_read_geometry(const char *path, struct arena *a, struct detector **detector,
                              struct beam *beam, struct error *err);

/* The same from the n bytes of a file in memory, which are changed; name is for messages. */
bool experiment_parse_geometry(char *text, size_t n, const char *name, struct arena *a,
                               struct detector **detector, struct beam *beam, struct error *err);

#endif
