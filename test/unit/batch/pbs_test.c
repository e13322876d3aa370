#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include "stand_in.h"

int main(void)
{
    return stand_in_cases(
        &(struct stand_in){&batch_pbs, "qsub qstat qdel", "#PBS -N ", " -o /dev/null -j oe"});
}
