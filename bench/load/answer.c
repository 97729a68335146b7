// The least that a server has to do for a call: what is left is the kernel's and the machine's price.
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "frame.h"
#include "load.h"

#define RESPONSE 2

static int listen_at(const char *path) {
  struct sockaddr_un address = socket_address(path);
  int listener = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
  if (listener < 0 || bind(listener, (struct sockaddr *)&address, sizeof address) < 0) fail(path);
  if (listen(listener, 16) < 0) fail("listen");
  return listener;
}

// One request at a time: each is one read, and is answered with the payload that was given.
static void answer(int connection, uint8_t *frame, uint32_t length) {
  int poller = epoll_create1(EPOLL_CLOEXEC);
  struct epoll_event event = {.events = EPOLLIN};
  if (poller < 0 || epoll_ctl(poller, EPOLL_CTL_ADD, connection, &event) < 0) fail("epoll");
  for (;;) {
    static uint8_t request[1 << 16];
    if (epoll_wait(poller, &event, 1, -1) < 0 && errno != EINTR) fail("epoll_wait");
    ssize_t got = recv(connection, request, sizeof request, MSG_DONTWAIT);
    if (got < 0 && (errno == EAGAIN || errno == EINTR)) continue;
    if (got < FRAME_HEADER) break;
    write_header(frame, length, read_big_endian(request + 4));
    frame[8] = RESPONSE;
    write_all(connection, frame, FRAME_HEADER + length);
  }
  close(poller);
}

int run_answer(int count, char **words) {
  if (count != 2) return 2;
  size_t length;
  const uint8_t *response = read_file(words[1], &length);
  static uint8_t frame[1 << 16];
  if (FRAME_HEADER + length > sizeof frame) {
    errno = E2BIG;
    fail(words[1]);
  }
  memcpy(frame + FRAME_HEADER, response, length);
  int listener = listen_at(words[0]);
  printf("{\"listening\":true}\n");
  fflush(stdout);
  for (;;) {
    int connection = accept(listener, NULL, NULL);
    if (connection < 0) fail("accept");
    answer(connection, frame, (uint32_t)length);
    close(connection);
  }
}
