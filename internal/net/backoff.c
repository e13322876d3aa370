/* backoff.c - how long to wait before trying again. */
#include "net/net.h"

double net_backoff(double first, double most, unsigned failures, uint64_t dice)
{
    if (failures == 0)
        return 0;
    double wait = first;
    for (unsigned i = 1; i < failures && wait < most; i++)
        wait *= 2;
    if (wait > most)
        wait = most;
    return wait * (0.8 + 0.4 * (double)(dice >> 11) / 9007199254740992.0);
}
