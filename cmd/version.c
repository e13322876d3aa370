/* version.c - what this program is made of: version, commit, libraries, licences. */
#include "cmd/cli.h"

#include "version.h" /* made by the Makefile: XFELX_VERSION, XFELX_COMMIT, XFELX_LIBRARIES */

extern const unsigned char licenses_text[]; /* made by scripts/embed-licenses */
extern const unsigned long licenses_size;

const char *version_number(void)
{
    return XFELX_VERSION;
}

const char *version_commit(void)
{
    return XFELX_COMMIT;
}

void version_text(struct str *out)
{
    str_printf(out, "xfelx %s (%s)\n", XFELX_VERSION, XFELX_COMMIT);
    str_add(out, "libraries: ");
    help_wrap(out, 0, 68, XFELX_LIBRARIES);
}

void version_licenses(struct str *out)
{
    str_addn(out, (const char *)licenses_text, licenses_size);
}
