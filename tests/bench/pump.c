/*
 * The parts of the forwarding benchmarks that must not be what is measured, and their yardstick:
 *
 *   pump source PORT BYTES [LINE]  connects and writes so many bytes; 0 is without end
 *   pump sink PORT BYTES [LINE]    connects and reads so many bytes
 *   pump loop                      listens on two ports, copies from the first to the second
 *
 * With LINE they speak to a relay's port for joined pairs: the line, then the answer `00`.
 * Each prints what it has to tell and stays until it is killed or its connection ends, so that its
 * processor time can be read.
 */
#include <arpa/inet.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

enum { BUFFER_BYTES = 1 << 20 };

static char buffer[BUFFER_BYTES];

static void fail(const char *what) {
  perror(what);
  exit(1);
}

static void tell_time(const char *event) {
  struct timespec now;
  clock_gettime(CLOCK_MONOTONIC, &now);
  printf("%s %lld\n", event, now.tv_sec * 1000000000LL + now.tv_nsec);
  fflush(stdout);
}

static struct sockaddr_in loopback(int port) {
  struct sockaddr_in address = {.sin_family = AF_INET, .sin_port = htons(port)};
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  return address;
}

static void write_all(int to, const char *bytes, size_t length) {
  for (size_t done = 0; done < length;) {
    ssize_t count = write(to, bytes + done, length - done);
    if (count < 0) fail("write");
    done += count;
  }
}

static int join(int port, const char *line) {
  int connection = socket(AF_INET, SOCK_STREAM, 0);
  struct sockaddr_in address = loopback(port);
  if (connect(connection, (struct sockaddr *)&address, sizeof address) < 0) fail("connect");
  if (line == NULL) return connection;
  char answer[2];
  write_all(connection, line, strlen(line));
  write_all(connection, "\n", 1);
  if (recv(connection, answer, sizeof answer, MSG_WAITALL) != sizeof answer) fail("answer");
  if (memcmp(answer, "00", sizeof answer) != 0) {
    fprintf(stderr, "answer: %.2s\n", answer);
    exit(1);
  }
  return connection;
}

static void source(int to, long long bytes) {
  tell_time("begin");
  for (long long left = bytes; bytes == 0 || left > 0; left -= BUFFER_BYTES)
    write_all(to, buffer, bytes == 0 || left > BUFFER_BYTES ? BUFFER_BYTES : left);
}

static void sink(int from, long long bytes) {
  for (long long got = 0; bytes == 0 || got < bytes;) {
    /* Discards in the kernel: a copy here would take processor time from what is measured. */
    ssize_t count = recv(from, buffer, BUFFER_BYTES, MSG_TRUNC);
    if (count < 0) fail("recv");
    if (count == 0) {
      fprintf(stderr, "ended after %lld bytes\n", got);
      exit(1);
    }
    got += count;
  }
  tell_time("end");
}

static int listen_anywhere(int *port) {
  int listener = socket(AF_INET, SOCK_STREAM, 0);
  struct sockaddr_in address = loopback(0);
  socklen_t length = sizeof address;
  if (bind(listener, (struct sockaddr *)&address, sizeof address) < 0) fail("bind");
  if (listen(listener, 1) < 0) fail("listen");
  if (getsockname(listener, (struct sockaddr *)&address, &length) < 0) fail("getsockname");
  *port = ntohs(address.sin_port);
  return listener;
}

static void loop(void) {
  int ports[2];
  int first = listen_anywhere(&ports[0]), second = listen_anywhere(&ports[1]);
  printf("listening %d %d\n", ports[0], ports[1]);
  fflush(stdout);
  int from = accept(first, NULL, NULL), to = accept(second, NULL, NULL);
  if (from < 0 || to < 0) fail("accept");
  for (;;) {
    ssize_t count = read(from, buffer, BUFFER_BYTES);
    if (count < 0) fail("read");
    if (count == 0) return;
    write_all(to, buffer, count);
  }
}

int main(int argc, char **argv) {
  if (argc == 2 && strcmp(argv[1], "loop") == 0) {
    loop();
  } else if (argc >= 4 && strcmp(argv[1], "source") == 0) {
    source(join(atoi(argv[2]), argv[4]), atoll(argv[3]));
    pause();
  } else if (argc >= 4 && strcmp(argv[1], "sink") == 0) {
    sink(join(atoi(argv[2]), argv[4]), atoll(argv[3]));
    pause();
  } else {
    fprintf(stderr, "usage: pump source|sink PORT BYTES [LINE], or pump loop\n");
    return 2;
  }
  return 0;
}
