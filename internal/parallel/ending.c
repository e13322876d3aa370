/* ending.c - decisions about an early end; see ending.h. */
#include "parallel/ending.h"

bool ending_deadline(double now, double deadline, const struct supply_state *so_far)
{
    double frame = so_far->begun ? 1e-9 * (double)so_far->busy_ns / (double)so_far->begun : 0;
    return deadline > 0 && now + 2 * frame > deadline - ENDING_SPARE_SECONDS;
}

bool ending_leave(int64_t now, int64_t *since)
{
    *since = *since ? *since : now;
    return now - *since > (int64_t)ENDING_LEAVE_SECONDS * 1000000000;
}
