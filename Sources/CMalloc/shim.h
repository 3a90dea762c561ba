#ifndef FLEETLOG_CMALLOC_SHIM_H
#define FLEETLOG_CMALLOC_SHIM_H

/* Of the C library, and not in Swift's module of it. */
#include <malloc.h>

#endif
