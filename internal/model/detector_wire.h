/* detector_wire.h - a detector as bytes: in a survey's finding, in messages between ranks, in journals. One form for all, so that a field
 * of a panel is added in one place.
 */
#ifndef XFELX_MODEL_DETECTOR_WIRE_H
#define XFELX_MODEL_DETECTOR_WIRE_H

#include "model/detector.h"

/* The most that is believed of bytes. */
enum { DETECTOR_PANELS_MAX = 65536, DETECTOR_NODES_MAX = 1 << 18 };

void detector_pack(const struct detector *d, struct str *out);

/* Every number is checked, none is changed; whether axes are orthonormal and the tree is whole is told by detector_finish.
 * NULL: broken. */
struct detector *detector_unpack(struct unwire *g, struct arena *a);

#endif
