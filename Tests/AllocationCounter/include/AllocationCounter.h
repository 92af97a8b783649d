#ifndef ALLOCATION_COUNTER_H
#define ALLOCATION_COUNTER_H

/// Begins to count what the calling thread allocates.
void ac_begin(void);

/// Ends the count and returns it: calls of malloc, calloc, realloc and the aligned ones.
long ac_end(void);

#endif
