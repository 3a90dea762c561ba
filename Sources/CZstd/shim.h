#ifndef FLEETLOG_CZSTD_SHIM_H
#define FLEETLOG_CZSTD_SHIM_H

#include <zstd.h>

#endif
