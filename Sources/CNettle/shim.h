#ifndef FLEETLOG_CNETTLE_SHIM_H
#define FLEETLOG_CNETTLE_SHIM_H

#include <nettle/sha2.h>

#endif
