#ifndef QUANTCELL_CZEROMQ_SHIM_H
#define QUANTCELL_CZEROMQ_SHIM_H
#include <zmq.h>
#endif
