/* h5_read.h - small questions to the HDF5 library: texts, numbers, groups by class. Only the helper's child
 * calls these (FORMATS_INPUT 4.5); nobody else may.
 *
 * Identifiers that come back are closed by H5Oclose; a function that says no leaves nothing open. Paths may
 * be absolute or relative to loc. Nothing here trusts a size in the file: texts are cut at 64 KiB, rows of
 * numbers at 10^8.
 */
#ifndef XFELX_SOURCE_H5_READ_H
#define XFELX_SOURCE_H5_READ_H

#include "base/base.h"

#include <hdf5.h>

/* Open a file for reading without locks; linked files are opened the same way. ERROR_UNREADABLE with the
 * library's words as detail. close_all releases it whatever is still open in it. */
hid_t h5_file_open(const char *path, struct error *err);
void h5_file_close(hid_t file);

/* Property list for opening what may lie behind an external link. */
hid_t h5_link_access(void);

/* Open an object; < 0 without a message when it is not there. */
hid_t h5_object(hid_t loc, const char *path);
hid_t h5_dataset(hid_t loc, const char *path);
bool h5_is_group(hid_t object);

/* The deepest message of the library's error stack of this thread. */
void h5_error_words(char *out, size_t room);

/* Text of a dataset or attribute: fixed or variable length, scalar or first element; NULL: none. */
char *h5_text(hid_t loc, const char *path, struct arena *a);
char *h5_attribute_text(hid_t object, const char *name, struct arena *a);

/* All numbers of a dataset as doubles, at most `most` of them; dims (room for 8) and rank may be NULL. false:
 * not there, no numbers, too many, or cannot be read (filter that the library does not have). */
bool h5_numbers(hid_t loc, const char *path, uint64_t most, struct arena *a, double **v, uint64_t *n,
                hsize_t *dims, int *rank);
/* Up to n numbers of an attribute; how many there were. */
size_t h5_attribute_numbers(hid_t object, const char *name, double *v, size_t n);

/* Names of a group's members, sorted bytewise; at most 10^5. */
char **h5_members(hid_t group, struct arena *a, size_t *n);

/* Is the attribute NX_class of the object this? */
bool h5_class_is(hid_t object, const char *class_name);

/* Next member of a group, from *i on in the list of names, that is a group of this class; its name in *name;
 * < 0: none. */
hid_t h5_next_of_class(hid_t group, const char *class_name, char **names, size_t n, size_t *i,
                       const char **name);

/* Path of an object in its file. */
char *h5_name(hid_t object, struct arena *a);

#endif
