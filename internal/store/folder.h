/* folder.h - where the results of a job are now. Private to store/. */
#ifndef XFELX_STORE_FOLDER_H
#define XFELX_STORE_FOLDER_H

#include "store/sql.h"

enum { FOLDER_MAX = 4200 };

/* The folder that a job recorded, as the disk has it: texts keep bytes that are no UTF-8 as \xHH; and a file of SQLite is often moved
 * together with the results: then what is beside it by the longest common end of the path, or beside it alone where all jobs recorded
 * one folder. Nothing of these is there: as recorded. */
void folder_now(struct sql *s, const char *recorded, char out[FOLDER_MAX]);

#endif
