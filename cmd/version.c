/* version.c - what this program is made of: version, commit, libraries, licences. */
#include "cmd/cli.h"

#include "pipeline/pipeline.h"

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
    str_printf(out, "kernels    %s\nlibraries  ", pipeline_isa());
    struct str wrapped = {0};
    help_wrap(&wrapped, 11, 80, XFELX_LIBRARIES);
    str_add(out, wrapped.text + 11);
    str_free(&wrapped);
}

void version_licenses(struct str *out)
{
    str_addn(out, (const char *)licenses_text, licenses_size);
}
