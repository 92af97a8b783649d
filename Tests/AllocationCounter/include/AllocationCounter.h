#ifndef ALLOCATION_COUNTER_H
#define ALLOCATION_COUNTER_H

#include <stdint.h>

/// Begins to count what the calling thread allocates.
void ac_begin(void);

/// Ends the count and returns it: calls of malloc, calloc, realloc, the aligned ones and C++'s operator new.
long ac_end(void);

/// Begins to count for every thread, with libzmq's own calls apart. Without a libzmq in the program all are the program's own.
void ac_watch(void);

/// What a thread of this process has allocated since then, libzmq's calls left out; any thread may ask.
///
/// - Parameter thread: Its id in the kernel; 0 for the one that asks.
long ac_own(int32_t thread);

/// What libzmq has allocated on a thread since then.
long ac_zmq(int32_t thread);

/// Keeps the first few backtraces of what a thread allocates, libzmq's left out, from now on; 0 for the one that asks.
void ac_trace(int32_t thread);

/// Writes the backtraces that were kept to standard error.
void ac_print_traces(void);

#endif
