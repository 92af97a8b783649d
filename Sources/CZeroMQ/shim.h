#ifndef QUANTCELL_CZEROMQ_SHIM_H
#define QUANTCELL_CZEROMQ_SHIM_H
#include <zmq.h>

// Every libzmq since 4.3 knows it; the header names it only for programs that use drafts.
#ifndef ZMQ_ZAP_ENFORCE_DOMAIN
#define ZMQ_ZAP_ENFORCE_DOMAIN 93
#endif

#endif
