// SwiftPM builds a C target only when it has a source file; everything is static inline in the header.
#include "CLinux.h"
