/* upload.h - a file that a page hands over (WEB 4.10): its bytes go to the folder of such files as they come, under the name of their
 * SHA-256. Private to web/. Nothing of what the client says becomes a part of a path.
 *
 * Calls of one upload come one after the other, from workers: a disk that hangs must not hold up the thread of HTTP.
 */
#ifndef XFELX_WEB_UPLOAD_H
#define XFELX_WEB_UPLOAD_H

#include "base/base.h"

#define UPLOAD_MOST ((size_t)1 << 30)        /* bytes of a file, as of `calib add` */
#define UPLOADS_HELD_MOST ((int64_t)4 << 30) /* of files that nobody has taken yet */
enum { UPLOAD_PIECE = 1 << 20, UPLOADS_AT_ONCE = 4, UPLOAD_BYTES_A_SECOND = 256 << 10 };

struct upload;

/* Make a file for so many bytes. folder is made where its parent's parent is there: NULL, or not to be written: ERROR_MISSING says that this
 * server does not see the results. ERROR_NO_SPACE: too many files wait. */
bool upload_begin(const char *folder, int64_t size, struct upload **out, struct error *err);

/* The next bytes. ERROR_NO_SPACE, ERROR_IO. */
bool upload_add(struct upload *u, const void *data, size_t n, struct error *err);

/* All are there and on disk: the file has its name, 64 hex digits. ERROR_TRUNCATED: fewer came than were announced. Frees the upload,
 * whatever happens. */
bool upload_end(struct upload *u, char name[65], struct error *err);

/* Give up: nothing is left of it. NULL is fine. */
void upload_drop(struct upload *u);

#endif
