#ifndef FLEETLOG_CSQLITE_SHIM_H
#define FLEETLOG_CSQLITE_SHIM_H

#include <sqlite3.h>

// Variadic, which Swift does not import. To be called before anything else of SQLite.
static inline int fleetlog_without_memory_statistics(void) {
  return sqlite3_config(SQLITE_CONFIG_MEMSTATUS, 0);
}

#endif
