/*
 * A disk that loses power: a SQLite VFS over the system's own, as a loadable extension that makes itself the default.
 * What is written stays in memory until it is synced. At a chosen operation the power goes: of all that was not synced,
 * sectors chosen by chance reach the file, and the process is gone. It can also fail a write, fail a sync (what was not
 * synced is then lost in part, as a kernel may drop it), be full, or lie about its syncs.
 *
 * Kept honest: bytes outside a write never change (SQLite is told of powersafe overwrite by the VFS below, and this
 * model keeps it), and what was synced stays. Not modelled: directory entries, which are durable at once.
 * Only one thread of one process may use a file. Compiled for the lab, never shipped.
 */
#include <sqlite3ext.h>
SQLITE_EXTENSION_INIT1
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define SECTOR 512

typedef struct Pending Pending;
struct Pending {
  sqlite3_int64 at;     /* of a write: its offset; of a truncation: the new size */
  int length;           /* -1 for a truncation */
  unsigned char *data;
  Pending *next;
};

/* One file, for as long as the process lives: what is not synced outlives the handle that wrote it. */
typedef struct Disk Disk;
struct Disk {
  char *path;
  Pending *first, *last;
  Disk *next;
};

typedef struct Handle Handle;
struct Handle {
  sqlite3_file base;
  Disk *disk;           /* 0 for a file that is passed through */
  sqlite3_file *real;   /* lies behind this struct */
};

enum { NONE, CUT, WRITE_ERROR, SYNC_ERROR, FULL, LIE };

static struct {
  int fault;
  sqlite3_int64 at;     /* it happens at this operation, or at the first one after it that can fail so */
  int lasting;          /* and at every later one */
  int struck;           /* how often it has happened */
  sqlite3_int64 count;
  unsigned long long random;
} plan;

static Disk *disks;
static sqlite3_vfs *below;

static unsigned next_random(void) {
  plan.random ^= plan.random << 13;
  plan.random ^= plan.random >> 7;
  plan.random ^= plan.random << 17;
  return (unsigned)(plan.random >> 32);
}

static sqlite3_file *real_of(sqlite3_file *file) { return ((Handle *)file)->real; }

static Disk *disk_for(const char *path) {
  Disk *disk;
  for (disk = disks; disk; disk = disk->next) if (strcmp(disk->path, path) == 0) return disk;
  disk = calloc(1, sizeof(Disk));
  if (disk == 0) return 0;
  disk->path = strdup(path);
  disk->next = disks;
  disks = disk;
  return disk;
}

static void forget(Disk *disk) {
  while (disk->first) {
    Pending *pending = disk->first;
    disk->first = pending->next;
    free(pending->data);
    free(pending);
  }
  disk->last = 0;
}

static int remember(Disk *disk, sqlite3_int64 at, int length, const void *data) {
  Pending *pending = calloc(1, sizeof(Pending));
  if (pending == 0) return SQLITE_IOERR_NOMEM;
  pending->at = at;
  pending->length = length;
  if (length > 0) {
    pending->data = malloc((size_t)length);
    if (pending->data == 0) { free(pending); return SQLITE_IOERR_NOMEM; }
    memcpy(pending->data, data, (size_t)length);
  }
  if (disk->last) disk->last->next = pending; else disk->first = pending;
  disk->last = pending;
  return SQLITE_OK;
}

/* ---- what reaches the file */

/* Opens the file below for one settling, since the handle that wrote may be closed. */
static sqlite3_file *open_below(const char *path) {
  sqlite3_file *file = calloc(1, (size_t)below->szOsFile);
  int flags = SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE | SQLITE_OPEN_WAL;
  if (file == 0) abort();
  if (below->xOpen(below, path, file, flags, &flags) != SQLITE_OK) { free(file); return 0; }
  return file;
}

/* Writes those sectors of a write that chance lets through: `share` of 1000. */
static void write_sectors(sqlite3_file *file, const Pending *pending, unsigned share) {
  int done = 0;
  while (done < pending->length) {
    sqlite3_int64 at = pending->at + done;
    int piece = SECTOR - (int)(at % SECTOR);
    if (piece > pending->length - done) piece = pending->length - done;
    if (share >= 1000 || next_random() % 1000 < share) file->pMethods->xWrite(file, pending->data + done, piece, at);
    done += piece;
  }
}

/* What was written before `until` arrives whole, what comes later with the given chance for each sector. */
static void settle(Disk *disk, int until, unsigned share) {
  Pending *pending;
  sqlite3_file *file = disk->first ? open_below(disk->path) : 0;
  if (file == 0) { forget(disk); return; }
  for (pending = disk->first; pending; pending = pending->next, until--) {
    unsigned chance = until > 0 ? 1000 : share;
    if (pending->length >= 0) write_sectors(file, pending, chance);
    else if (chance >= 1000 || next_random() % 1000 < chance) file->pMethods->xTruncate(file, pending->at);
  }
  file->pMethods->xClose(file);
  free(file);
  forget(disk);
}

/* Chooses how much of what is pending gets through: nothing, all, a beginning, or sectors here and there. */
static void lose(Disk *disk) {
  static const unsigned shares[] = {0, 0, 100, 500, 900, 1000};
  int count = 0;
  Pending *pending;
  for (pending = disk->first; pending; pending = pending->next) count++;
  settle(disk, next_random() % 2 ? (int)(next_random() % (unsigned)(count + 1)) : 0, shares[next_random() % 6]);
}

static void lose_power(void) {
  Disk *disk;
  for (disk = disks; disk; disk = disk->next) lose(disk);
  _exit(137);
}

/* Counts an operation and tells whether the planned fault happens at it. */
static int strikes(int fault) {
  if (plan.fault != fault || plan.count < plan.at || (plan.struck && !plan.lasting)) return 0;
  plan.struck++;
  return 1;
}

/* ---- the methods of a file */

static int disk_close(sqlite3_file *file) {
  return real_of(file)->pMethods ? real_of(file)->pMethods->xClose(real_of(file)) : SQLITE_OK;
}

static int disk_size(sqlite3_file *file, sqlite3_int64 *size) {
  Handle *handle = (Handle *)file;
  Pending *pending;
  int rc = handle->real->pMethods->xFileSize(handle->real, size);
  if (rc != SQLITE_OK || handle->disk == 0) return rc;
  for (pending = handle->disk->first; pending; pending = pending->next) {
    if (pending->length < 0) *size = pending->at;
    else if (pending->at + pending->length > *size) *size = pending->at + pending->length;
  }
  return SQLITE_OK;
}

static int disk_read(sqlite3_file *file, void *buffer, int length, sqlite3_int64 at) {
  Handle *handle = (Handle *)file;
  Pending *pending;
  sqlite3_int64 size = 0;
  int rc = handle->real->pMethods->xRead(handle->real, buffer, length, at);
  if (handle->disk == 0 || (rc != SQLITE_OK && rc != SQLITE_IOERR_SHORT_READ)) return rc;
  for (pending = handle->disk->first; pending; pending = pending->next) {
    sqlite3_int64 from = pending->at > at ? pending->at : at;
    sqlite3_int64 end = at + length;
    if (pending->length < 0) {
      if (from < end) memset((char *)buffer + (from - at), 0, (size_t)(end - from));
      continue;
    }
    if (pending->at + pending->length < end) end = pending->at + pending->length;
    if (from < end) memcpy((char *)buffer + (from - at), pending->data + (from - pending->at), (size_t)(end - from));
  }
  rc = disk_size(file, &size);
  return rc != SQLITE_OK ? rc : at + length > size ? SQLITE_IOERR_SHORT_READ : SQLITE_OK;
}

static int disk_write(sqlite3_file *file, const void *data, int length, sqlite3_int64 at) {
  Handle *handle = (Handle *)file;
  int rc;
  if (handle->disk == 0) return handle->real->pMethods->xWrite(handle->real, data, length, at);
  plan.count++;
  if (strikes(FULL)) return SQLITE_FULL;
  if (strikes(WRITE_ERROR)) {
    /* A failed write may have written its beginning. */
    int part = (int)(next_random() % (unsigned)(length + 1));
    rc = remember(handle->disk, at, part, data);
    return rc != SQLITE_OK ? rc : SQLITE_IOERR_WRITE;
  }
  rc = remember(handle->disk, at, length, data);
  if (strikes(CUT)) lose_power();
  return rc;
}

static int disk_truncate(sqlite3_file *file, sqlite3_int64 size) {
  Handle *handle = (Handle *)file;
  int rc;
  if (handle->disk == 0) return handle->real->pMethods->xTruncate(handle->real, size);
  plan.count++;
  if (strikes(WRITE_ERROR)) return SQLITE_IOERR_TRUNCATE;
  rc = remember(handle->disk, size, -1, 0);
  if (strikes(CUT)) lose_power();
  return rc;
}

static int disk_sync(sqlite3_file *file, int flags) {
  Handle *handle = (Handle *)file;
  (void)flags;
  if (handle->disk == 0) return SQLITE_OK;
  plan.count++;
  if (strikes(CUT)) lose_power();
  if (strikes(SYNC_ERROR)) {
    lose(handle->disk);
    return SQLITE_IOERR_FSYNC;
  }
  if (!strikes(LIE)) settle(handle->disk, 0, 1000);
  return SQLITE_OK;
}

static int disk_control(sqlite3_file *file, int op, void *argument) {
  /* Hints about the size would change the file below at once. */
  if (op == SQLITE_FCNTL_SIZE_HINT || op == SQLITE_FCNTL_CHUNK_SIZE) return SQLITE_NOTFOUND;
  return real_of(file)->pMethods->xFileControl(real_of(file), op, argument);
}

static int disk_lock(sqlite3_file *file, int level) { return real_of(file)->pMethods->xLock(real_of(file), level); }
static int disk_unlock(sqlite3_file *file, int level) { return real_of(file)->pMethods->xUnlock(real_of(file), level); }
static int disk_reserved(sqlite3_file *file, int *out) {
  return real_of(file)->pMethods->xCheckReservedLock(real_of(file), out);
}
static int disk_sector(sqlite3_file *file) { return real_of(file)->pMethods->xSectorSize(real_of(file)); }
static int disk_traits(sqlite3_file *file) { return real_of(file)->pMethods->xDeviceCharacteristics(real_of(file)); }
static int disk_shm_map(sqlite3_file *file, int region, int size, int extend, void volatile **out) {
  return real_of(file)->pMethods->xShmMap(real_of(file), region, size, extend, out);
}
static int disk_shm_lock(sqlite3_file *file, int offset, int n, int flags) {
  return real_of(file)->pMethods->xShmLock(real_of(file), offset, n, flags);
}
static void disk_shm_barrier(sqlite3_file *file) { real_of(file)->pMethods->xShmBarrier(real_of(file)); }
static int disk_shm_unmap(sqlite3_file *file, int drop) {
  return real_of(file)->pMethods->xShmUnmap(real_of(file), drop);
}

/* Version 2: shared memory for the WAL, and no memory-mapped reads, which would pass this file by. */
static const sqlite3_io_methods methods = {
  2, disk_close, disk_read, disk_write, disk_truncate, disk_sync, disk_size, disk_lock, disk_unlock, disk_reserved,
  disk_control, disk_sector, disk_traits, disk_shm_map, disk_shm_lock, disk_shm_barrier, disk_shm_unmap, 0, 0
};

/* ---- the methods of the file system */

static int disk_open(sqlite3_vfs *vfs, const char *path, sqlite3_file *file, int flags, int *out) {
  Handle *handle = (Handle *)file;
  int kept = SQLITE_OPEN_MAIN_DB | SQLITE_OPEN_WAL | SQLITE_OPEN_MAIN_JOURNAL;
  int rc;
  (void)vfs;
  memset(handle, 0, sizeof(Handle));
  handle->real = (sqlite3_file *)&handle[1];
  rc = below->xOpen(below, path, handle->real, flags, out);
  if (handle->real->pMethods == 0) return rc;
  handle->base.pMethods = &methods;
  if (path != 0 && (flags & kept) != 0) handle->disk = disk_for(path);
  return rc;
}

static int disk_delete(sqlite3_vfs *vfs, const char *path, int sync) {
  (void)vfs;
  plan.count++;
  if (strikes(CUT)) lose_power();
  forget(disk_for(path));
  return below->xDelete(below, path, sync);
}

/* The system takes a file without a byte in it for none; here its bytes may still be pending. */
static int disk_access(sqlite3_vfs *vfs, const char *path, int flags, int *out) {
  Disk *disk;
  int rc;
  (void)vfs;
  rc = below->xAccess(below, path, flags, out);
  for (disk = disks; disk; disk = disk->next) if (disk->first && strcmp(disk->path, path) == 0) *out = 1;
  return rc;
}

/* ---- how the lab plans a fault: select disk_plan('cut', 57, 1, 0) */

static void plan_fault(sqlite3_context *context, int n, sqlite3_value **values) {
  static const char *const names[] = {"none", "cut", "write", "sync", "full", "lie"};
  const char *name = (const char *)sqlite3_value_text(values[0]);
  int i;
  (void)n;
  for (i = 0; i < 6; i++) {
    if (name == 0 || strcmp(names[i], name) != 0) continue;
    plan.fault = i;
    plan.at = sqlite3_value_int64(values[1]);
    plan.random = 0x9e3779b97f4a7c15ull ^ ((unsigned long long)sqlite3_value_int64(values[2]) * 0xd1342543de82ef95ull);
    plan.lasting = sqlite3_value_int(values[3]);
    plan.count = 0;
    plan.struck = 0;
    for (i = 0; i < 8; i++) next_random();
    return;
  }
  sqlite3_result_error(context, "unknown fault", -1);
}

static void count_operations(sqlite3_context *context, int n, sqlite3_value **values) {
  (void)n; (void)values;
  sqlite3_result_int64(context, plan.count);
}

static void count_strikes(sqlite3_context *context, int n, sqlite3_value **values) {
  (void)n; (void)values;
  sqlite3_result_int(context, plan.struck);
}

/* A sync that somebody else asked the operating system for. */
static void sync_path(sqlite3_context *context, int n, sqlite3_value **values) {
  const char *path = (const char *)sqlite3_value_text(values[0]);
  Disk *disk;
  (void)n;
  for (disk = disks; path && disk; disk = disk->next) {
    if (strcmp(disk->path, path) != 0) continue;
    plan.count++;
    if (strikes(CUT)) lose_power();
    if (strikes(SYNC_ERROR)) {
      lose(disk);
      sqlite3_result_error(context, "the sync failed", -1);
      return;
    }
    if (!strikes(LIE)) settle(disk, 0, 1000);
  }
}

/* The process ends and the machine goes on: what is in its cache is written. Or, with 1, the power goes now. */
static void end_process(sqlite3_context *context, int n, sqlite3_value **values) {
  Disk *disk;
  (void)context; (void)n;
  if (sqlite3_value_int(values[0])) lose_power();
  for (disk = disks; disk; disk = disk->next) settle(disk, 0, 1000);
}

int sqlite3_extension_init(sqlite3 *db, char **error, const sqlite3_api_routines *api) {
  static sqlite3_vfs vfs;
  SQLITE_EXTENSION_INIT2(api);
  (void)error;
  below = sqlite3_vfs_find(0);
  vfs = *below;
  vfs.zName = "powercut";
  vfs.szOsFile = (int)sizeof(Handle) + below->szOsFile;
  vfs.xOpen = disk_open;
  vfs.xDelete = disk_delete;
  vfs.xAccess = disk_access;
  sqlite3_create_function(db, "disk_plan", 4, SQLITE_UTF8, 0, plan_fault, 0, 0);
  sqlite3_create_function(db, "disk_count", 0, SQLITE_UTF8, 0, count_operations, 0, 0);
  sqlite3_create_function(db, "disk_struck", 0, SQLITE_UTF8, 0, count_strikes, 0, 0);
  sqlite3_create_function(db, "disk_sync", 1, SQLITE_UTF8, 0, sync_path, 0, 0);
  sqlite3_create_function(db, "disk_end", 1, SQLITE_UTF8, 0, end_process, 0, 0);
  return sqlite3_vfs_register(&vfs, 1) == SQLITE_OK ? SQLITE_OK_LOAD_PERMANENTLY : SQLITE_ERROR;
}
