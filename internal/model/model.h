/* model.h - the things the field talks about: beam, detector, crystal, outcome, result; and the identity of an experiment. */
#ifndef XFELX_MODEL_MODEL_H
#define XFELX_MODEL_MODEL_H

#include "model/beam.h"
#include "model/crystal.h"
#include "model/detector.h"
#include "model/detector_wire.h"
#include "model/experiment.h"
#include "model/intensities.h"
#include "model/outcome.h"
#include "model/result.h"

#endif
