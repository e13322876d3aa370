/* beam.h - the incident beam of a frame. */
#ifndef XFELX_MODEL_BEAM_H
#define XFELX_MODEL_BEAM_H

#include "kernels/types.h"

#define EV_ANGSTROM 12398.419843320026 /* h c / e in eV Å, exact SI constants (FORMATS 1.3) */

struct beam {
    struct beam_vector v;          /* wavelength as used, direction sample → source */
    double polarization_normal[3]; /* unit, (0,1,0) */
    double polarization_fraction;  /* 0.999 */
    double energy_recorded_ev;     /* of the file; NaN: none */
    /* 1 file, per shot; 2 file, constant; 3 parameter; 4 offset applied (STORE ev_src) */
    uint8_t energy_source;
};

#endif
