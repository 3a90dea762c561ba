#ifndef FLEETLOG_CZLIB_SHIM_H
#define FLEETLOG_CZLIB_SHIM_H

#include <zlib.h>

/* deflateInit2 is a macro, which Swift does not import. */

/** Prepares `stream` to write gzip members; returns Z_OK or a zlib error. */
static inline int
fleetlog_gzip_begin(z_stream *stream, int level)
{
  const int gzip_window = 15 + 16;
  return deflateInit2(stream, level, Z_DEFLATED, gzip_window, 8, Z_DEFAULT_STRATEGY);
}

#endif
