/*
 * Clients of coffer in C, so that the clients are not what is measured:
 *
 *   fetch load PORT CLIENTS MILLISECONDS REPLY FILE  sessions one after the other, so many at once
 *   fetch hold PORT CLIENTS REPLY FILE               connects, says how many, and waits for a line on
 *                                                    standard input before all of them ask
 *
 * FILE holds requests, each with its length in front (u32, little-endian): Hello and Get. With one
 * request everybody sends it; several are used once each, and `load` ends when they are used up. A
 * request is answered by a frame of the wide framing with REPLY bytes of body.
 *
 * `load` prints sessions, the nanoseconds that they took in all, and quantiles of the nanoseconds
 * from connecting to the complete reply. `hold` prints how many were served and the nanoseconds
 * from the first question to the last reply; it ends when its standard input does. A session that
 * goes wrong ends `load`; in `hold` it counts as lost.
 */
#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

enum { HEADER_BYTES = 9, OK_GET = 5, BUFFER_BYTES = 1 << 18, EVENTS = 512, BURST = 100 };
enum { SERVE_TIMEOUT_MS = 30000 };

static const unsigned char BYE[HEADER_BYTES] = {0, 0, 0, 0, 0, 0, 0, 0, 0x99};

enum state { CONNECTING, HELD, ANSWERING, LEAVING, LOST };

struct client {
  int connection;
  enum state state;
  size_t got;
  int64_t began;
};

static unsigned char buffer[BUFFER_BYTES];
static unsigned char *requests, *next_request, *requests_end;
static int single_request;
static size_t reply_bytes;
static struct sockaddr_in server;
static int events;

static void fail(const char *what) {
  perror(what);
  exit(1);
}

static int64_t now(void) {
  struct timespec time;
  clock_gettime(CLOCK_MONOTONIC, &time);
  return time.tv_sec * 1000000000LL + time.tv_nsec;
}

static void read_requests(const char *path) {
  FILE *file = fopen(path, "rb");
  if (file == NULL || fseek(file, 0, SEEK_END) < 0) fail(path);
  long length = ftell(file);
  rewind(file);
  if (length < 4 || (requests = malloc(length)) == NULL) fail(path);
  if (fread(requests, 1, length, file) != (size_t)length) fail(path);
  fclose(file);
  next_request = requests;
  requests_end = requests + length;
  uint32_t first;
  memcpy(&first, requests, sizeof first);
  single_request = first + sizeof first == (size_t)length;
}

static int have_request(void) { return single_request || next_request < requests_end; }

/* It fits into an empty send buffer, so it goes out whole. */
static int ask(struct client *client) {
  uint32_t length;
  memcpy(&length, next_request, sizeof length);
  ssize_t sent = send(client->connection, next_request + sizeof length, length, MSG_NOSIGNAL);
  if (!single_request) next_request += sizeof length + length;
  client->state = ANSWERING;
  client->got = 0;
  return sent == (ssize_t)length;
}

static void await(struct client *client, int operation, uint32_t what) {
  struct epoll_event event = {.events = what, .data.ptr = client};
  if (epoll_ctl(events, operation, client->connection, &event) < 0) fail("epoll_ctl");
}

static void begin(struct client *client) {
  client->began = now();
  client->state = CONNECTING;
  client->connection = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK, 0);
  if (client->connection < 0) fail("socket");
  int yes = 1;
  setsockopt(client->connection, IPPROTO_TCP, TCP_NODELAY, &yes, sizeof yes);
  if (connect(client->connection, (struct sockaddr *)&server, sizeof server) < 0 &&
      errno != EINPROGRESS)
    fail("connect");
  await(client, EPOLL_CTL_ADD, EPOLLOUT);
}

static int connected(struct client *client) {
  int error = 0;
  socklen_t length = sizeof error;
  getsockopt(client->connection, SOL_SOCKET, SO_ERROR, &error, &length);
  return error == 0;
}

/* 1: the reply is complete; 0: more is to come; -1: none will come. */
static int read_reply(struct client *client) {
  for (;;) {
    ssize_t count = recv(client->connection, buffer, sizeof buffer, 0);
    if (count < 0) return errno == EAGAIN ? 0 : -1;
    if (count == 0) return -1;
    if (client->got < HEADER_BYTES && client->got + count >= HEADER_BYTES &&
        buffer[HEADER_BYTES - 1 - client->got] != OK_GET)
      return -1;
    client->got += count;
    if (client->got > HEADER_BYTES + reply_bytes) return -1;
    if (client->got == HEADER_BYTES + reply_bytes) return 1;
  }
}

/* A server that does not wait for it has closed already. */
static void leave(struct client *client) {
  send(client->connection, BYE, sizeof BYE, MSG_NOSIGNAL);
  client->state = LEAVING;
}

static int is_closed(struct client *client) {
  ssize_t count = recv(client->connection, buffer, sizeof buffer, 0);
  return count == 0 || (count < 0 && errno != EAGAIN);
}

static int ascending(const void *a, const void *b) {
  int64_t x = *(const int64_t *)a, y = *(const int64_t *)b;
  return (x > y) - (x < y);
}

static void load(struct client *clients, int count, int64_t duration) {
  size_t sessions = 0, room = 1 << 20;
  int64_t *times = malloc(room * sizeof *times);
  int open = 0;
  int64_t began = now(), last = began;
  for (; open < count; open++) begin(&clients[open]);
  while (open > 0) {
    struct epoll_event ready[EVENTS];
    int number = epoll_wait(events, ready, EVENTS, SERVE_TIMEOUT_MS);
    if (number <= 0) fail("no event");
    for (int i = 0; i < number; i++) {
      struct client *client = ready[i].data.ptr;
      if (client->state == CONNECTING) {
        if (!connected(client)) fail("connect");
        if (!have_request()) {
          close(client->connection);
          open--;
          continue;
        }
        if (!ask(client)) fail("ask");
        await(client, EPOLL_CTL_MOD, EPOLLIN);
      } else if (client->state == ANSWERING) {
        int outcome = read_reply(client);
        if (outcome < 0) {
          fprintf(stderr, "no reply: %zu bytes came\n", client->got);
          exit(1);
        }
        if (outcome == 0) continue;
        if (sessions == room && (times = realloc(times, (room *= 2) * sizeof *times)) == NULL)
          fail("realloc");
        times[sessions++] = now() - client->began;
        leave(client);
      } else if (is_closed(client)) {
        close(client->connection);
        last = now();
        if (last - began < duration && have_request()) begin(client);
        else open--;
      }
    }
  }
  if (sessions == 0) exit(1);
  qsort(times, sessions, sizeof *times, ascending);
  printf("sessions %zu took %lld p50 %lld p99 %lld\n", sessions, (long long)(last - began),
         (long long)times[sessions / 2], (long long)times[sessions * 99 / 100]);
}

static void wait_for_line(void) {
  int character;
  while ((character = getchar()) != '\n')
    if (character == EOF) exit(0);
}

/* In bursts, since the queue of connections that nobody has accepted yet is short. */
static int connect_all(struct client *clients, int count) {
  int held = 0;
  for (int first = 0; first < count; first += BURST) {
    int last = first + BURST < count ? first + BURST : count, waiting = last - first;
    for (int i = first; i < last; i++) begin(&clients[i]);
    while (waiting > 0) {
      struct epoll_event ready[EVENTS];
      int number = epoll_wait(events, ready, EVENTS, SERVE_TIMEOUT_MS);
      if (number <= 0) fail("no connection");
      for (int i = 0; i < number; i++) {
        struct client *client = ready[i].data.ptr;
        client->state = connected(client) ? HELD : LOST;
        held += client->state == HELD;
        epoll_ctl(events, EPOLL_CTL_DEL, client->connection, NULL);
        waiting--;
      }
    }
  }
  return held;
}

static void hold(struct client *clients, int count) {
  printf("held %d\n", connect_all(clients, count));
  fflush(stdout);
  wait_for_line();
  int64_t began = now(), last = began;
  int waiting = 0, served = 0;
  for (int i = 0; i < count; i++) {
    if (clients[i].state != HELD || !ask(&clients[i])) continue;
    await(&clients[i], EPOLL_CTL_ADD, EPOLLIN);
    waiting++;
  }
  while (waiting > 0) {
    struct epoll_event ready[EVENTS];
    int number = epoll_wait(events, ready, EVENTS, SERVE_TIMEOUT_MS);
    if (number <= 0) break;
    for (int i = 0; i < number; i++) {
      struct client *client = ready[i].data.ptr;
      int outcome = read_reply(client);
      if (outcome == 0) continue;
      if (outcome > 0) {
        served++;
        last = now();
        leave(client);
      }
      close(client->connection);
      waiting--;
    }
  }
  printf("served %d took %lld\n", served, (long long)(last - began));
  fflush(stdout);
  wait_for_line();
}

int main(int argc, char **argv) {
  int loading = argc == 7 && strcmp(argv[1], "load") == 0;
  if (!loading && !(argc == 6 && strcmp(argv[1], "hold") == 0)) {
    fprintf(stderr, "usage: fetch load PORT CLIENTS MILLISECONDS REPLY FILE\n"
                    "       fetch hold PORT CLIENTS REPLY FILE\n");
    return 2;
  }
  int count = atoi(argv[3]);
  server.sin_family = AF_INET;
  server.sin_port = htons(atoi(argv[2]));
  server.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  reply_bytes = atoll(argv[argc - 2]);
  read_requests(argv[argc - 1]);
  struct rlimit limit;
  getrlimit(RLIMIT_NOFILE, &limit);
  limit.rlim_cur = limit.rlim_max;
  setrlimit(RLIMIT_NOFILE, &limit);
  struct client *clients = calloc(count, sizeof *clients);
  events = epoll_create1(0);
  if (clients == NULL || events < 0) fail("start");
  if (loading) load(clients, count, atoll(argv[4]) * 1000000LL);
  else hold(clients, count);
  return 0;
}
