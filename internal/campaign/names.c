/* names.c - folders and names of jobs; see names.h. */
#include "campaign/names.h"

#include "base/base.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

enum { SAFE_HEAD = 180 };

static bool is_safe(char c, bool first)
{
    if ((c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_' || c == '+')
        return true;
    return !first && (c == '.' || c == '-');
}

void name_safe(const char *name, struct str *out)
{
    size_t before = out->len;
    if (*name == '\0')
        str_addc(out, '%');
    for (const char *c = name; *c != '\0'; c++) {
        if (is_safe(*c, c == name))
            str_addc(out, *c);
        else
            str_printf(out, "%%%02X", (unsigned)(unsigned char)*c);
    }
    if (out->len - before <= SAFE_NAME)
        return;
    uint8_t hash[32];
    char hex[17];
    sha256(name, strlen(name), hash);
    hash_hex(hash, 8, hex);
    out->len = before + SAFE_HEAD;
    out->text[out->len] = '\0';
    str_printf(out, "-%s", hex);
}

static void add_task(int64_t task, struct str *out)
{
    if (task > 0)
        str_printf(out, "/task%03" PRId64, task);
}

void name_job_folder(int64_t num, const char *run_name, int64_t twin, uint32_t trial, int64_t rungroup,
                     int64_t task, struct str *out)
{
    if (num >= 0)
        str_printf(out, "r%04" PRId64, num);
    else
        name_safe(run_name, out);
    if (twin > 0)
        str_printf(out, "+%" PRId64, twin);
    str_printf(out, "/%03" PRIu32 "_rg%03" PRId64, trial, rungroup);
    add_task(task, out);
}

void name_version_folder(const char *dataset, uint32_t version, int64_t task, struct str *out)
{
    name_safe(dataset, out);
    str_printf(out, "/v%03" PRIu32, version);
    add_task(task, out);
}
