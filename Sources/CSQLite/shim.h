#ifndef FLEETLOG_CSQLITE_SHIM_H
#define FLEETLOG_CSQLITE_SHIM_H

#include <sqlite3.h>

// Variadic, which Swift does not import. The first is to be called before anything else of SQLite.
static inline int fleetlog_without_memory_statistics(void) {
  return sqlite3_config(SQLITE_CONFIG_MEMSTATUS, 0);
}

static inline void fleetlog_skip_checkpoint_at_close(sqlite3 *database) {
  sqlite3_db_config(database, SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, 1, (int *)0);
}

#endif
