/* names.h - folders and names of jobs (STORE 2, 7.5): cctbx.xfel's, safe for every file system and shell. */
#ifndef XFELX_CAMPAIGN_NAMES_H
#define XFELX_CAMPAIGN_NAMES_H

#include "base/base.h"

#include <stdint.h>

enum { SAFE_NAME = 200 };

/* A name as a folder: bytes outside [A-Za-z0-9._+-], a leading dot or dash become %XX; what is longer than 200 bytes then is
 * its first 180, a dash and 16 hex digits of the SHA-256 of the whole name. "" becomes "%". Different names of up to 200 safe
 * bytes stay different: % itself is not safe. Added to out. */
void name_safe(const char *name, struct str *out);

/* "r0012/003_rg005", with a task "r0012/003_rg005/task007"; num < 0: a run without a number, its name is used. twin > 0: an earlier
 * run has that folder, and this one "r0012+34" with its own row in lists. Added to out. */
void name_job_folder(int64_t num, const char *run_name, int64_t twin, uint32_t trial, int64_t rungroup,
                     int64_t task, struct str *out);

/* "dataset/v003", with a task "dataset/v003/task007". Added to out. */
void name_version_folder(const char *dataset, uint32_t version, int64_t task, struct str *out);

#endif
