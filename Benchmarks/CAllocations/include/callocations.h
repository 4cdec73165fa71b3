// Counts what a program allocates: the functions of malloc(3) stand in front of those of the C library.
#ifndef CALLOCATIONS_H
#define CALLOCATIONS_H

#include <stdint.h>

/// Calls that got memory, of the calling thread, since it began.
uint64_t viva_allocations(void);

#endif
