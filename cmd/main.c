/* main.c - placeholder of the table of commands. */
#include <stdio.h>

int main(void)
{
    puts("xfelx");
    return 0;
}
