#ifndef FLEETLOG_CMICROHTTPD_SHIM_H
#define FLEETLOG_CMICROHTTPD_SHIM_H

#include <microhttpd.h>
#include <sys/socket.h>

/* What Swift cannot call as it is: variadic functions, function-like macros and hidden
   declarations, each behind a plain signature. */

/** What a daemon is started with; `context` reaches every callback as `cls`. */
struct fleetlog_mhd_setup {
  void *context;
  void (*log)(void *cls, const char *format, va_list arguments);
  void *(*request_line)(void *cls, const char *target, struct MHD_Connection *connection);
  MHD_AccessHandlerCallback access;
  MHD_RequestCompletedCallback completed;
  MHD_NotifyConnectionCallback connection_notice;
  unsigned int threads;
  unsigned int connection_limit;
  /** Seconds without a byte in either direction after which a connection is closed. */
  unsigned int idle_timeout;
  /** Bytes a connection may hold for its request head and its output buffer. */
  size_t connection_memory;
  /** The certificate chain and its key as PEM; both null to serve without TLS. */
  const char *certificate;
  const char *certificate_key;
};

/** Starts a daemon that has no listening socket: connections are handed to it. */
static inline struct MHD_Daemon *
fleetlog_mhd_start(const struct fleetlog_mhd_setup *setup)
{
  const int has_tls = setup->certificate != NULL;
  /* Ends at its first entry where there is no TLS. */
  const struct MHD_OptionItem tls[] = {
    { has_tls ? MHD_OPTION_HTTPS_MEM_CERT : MHD_OPTION_END, 0, (void *) setup->certificate },
    { MHD_OPTION_HTTPS_MEM_KEY, 0, (void *) setup->certificate_key },
    { MHD_OPTION_HTTPS_PRIORITIES, 0,
      (void *) "NORMAL:-VERS-ALL:+VERS-TLS1.3:+VERS-TLS1.2:%SERVER_PRECEDENCE" },
    { MHD_OPTION_END, 0, NULL }
  };
  return MHD_start_daemon(
    MHD_USE_INTERNAL_POLLING_THREAD | MHD_USE_EPOLL | MHD_ALLOW_SUSPEND_RESUME
      | MHD_USE_NO_LISTEN_SOCKET | MHD_USE_ERROR_LOG | (has_tls ? MHD_USE_TLS : 0),
    0, NULL, NULL,
    setup->access, setup->context,
    MHD_OPTION_EXTERNAL_LOGGER, setup->log, setup->context,
    MHD_OPTION_URI_LOG_CALLBACK, setup->request_line, setup->context,
    MHD_OPTION_NOTIFY_COMPLETED, setup->completed, setup->context,
    MHD_OPTION_NOTIFY_CONNECTION, setup->connection_notice, setup->context,
    MHD_OPTION_THREAD_POOL_SIZE, setup->threads,
    MHD_OPTION_CONNECTION_LIMIT, setup->connection_limit,
    MHD_OPTION_CONNECTION_TIMEOUT, setup->idle_timeout,
    MHD_OPTION_CONNECTION_MEMORY_LIMIT, setup->connection_memory,
    MHD_OPTION_ARRAY, tls,
    MHD_OPTION_END);
}

/** Whether the library was built to serve TLS. */
static inline int
fleetlog_mhd_has_tls(void)
{
  return MHD_is_feature_supported(MHD_FEATURE_TLS) == MHD_YES;
}

/** The client's address; null when unknown. */
static inline const struct sockaddr *
fleetlog_mhd_peer(struct MHD_Connection *connection)
{
  const union MHD_ConnectionInfo *info =
    MHD_get_connection_info(connection, MHD_CONNECTION_INFO_CLIENT_ADDRESS);
  return info == NULL ? NULL : info->client_addr;
}

/** The connection's socket, good until it is told to be closed; -1 when unknown. */
static inline int
fleetlog_mhd_socket(struct MHD_Connection *connection)
{
  const union MHD_ConnectionInfo *info =
    MHD_get_connection_info(connection, MHD_CONNECTION_INFO_CONNECTION_FD);
  return info == NULL ? -1 : info->connect_fd;
}

/** Bytes from the first one of the method to the end of the blank line; 0 when unknown. */
static inline size_t
fleetlog_mhd_head_size(struct MHD_Connection *connection)
{
  const union MHD_ConnectionInfo *info =
    MHD_get_connection_info(connection, MHD_CONNECTION_INFO_REQUEST_HEADER_SIZE);
  return info == NULL ? 0 : info->header_size;
}

/** A TCP socket that child processes do not inherit; -1 and errno. */
static inline int
fleetlog_tcp_socket(int family)
{
  return socket(family, SOCK_STREAM | SOCK_CLOEXEC, 0);
}

/* The C library declares it only to programs that ask for GNU extensions, which Swift's do not. */
extern int accept4(int socket, struct sockaddr *__restrict address,
                   socklen_t *__restrict length, int flags);

/** Takes a connection that neither blocks nor is inherited by child processes; -1 and errno. */
static inline int
fleetlog_accept(int listener, struct sockaddr *address, socklen_t *length)
{
  return accept4(listener, address, length, SOCK_NONBLOCK | SOCK_CLOEXEC);
}

#endif
