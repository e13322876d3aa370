/* base.h - the ground floor: errors, memory, text, files, checksums, time, JSON, processes. Other rooms include only this. */
#ifndef XFELX_BASE_BASE_H
#define XFELX_BASE_BASE_H

#include "base/arena.h"
#include "base/child.h"
#include "base/clock.h"
#include "base/columns.h"
#include "base/embedded.h"
#include "base/error.h"
#include "base/fs.h"
#include "base/hash.h"
#include "base/json.h"
#include "base/log.h"
#include "base/owner.h"
#include "base/path_map.h"
#include "base/proc.h"
#include "base/records.h"
#include "base/secret.h"
#include "base/sorted.h"
#include "base/spacegroups.h"
#include "base/str.h"
#include "base/wire.h"
#include "base/words.h"

#endif
