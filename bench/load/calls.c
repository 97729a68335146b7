// Calls over ttrpc. A plan is a list of flows; a flow is a list of requests, each sent when the one before was answered.
// So many flows are under way at once; when the plan is at its end it begins anew.
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "frame.h"
#include "load.h"

#define MAXIMUM_STEPS 8
#define BUFFER (1u << 20)
#define STREAMS (1u << 16)

struct flow {
  uint32_t steps;
  const uint8_t *requests[MAXIMUM_STEPS];
  uint32_t lengths[MAXIMUM_STEPS];
};

// A flow under way.
struct run {
  const struct flow *flow;
  uint32_t step;
  uint64_t sent;
  uint64_t begun;
};

// Durations of which percentiles are told.
struct durations {
  uint64_t *values;
  size_t count;
};

static struct flow *flows;
static uint32_t flow_count;
static struct run *runs;
static uint32_t run_of_stream[STREAMS];
static struct durations steps[MAXIMUM_STEPS], whole;
static uint8_t output[BUFFER], input[BUFFER];
static size_t output_length;
static uint32_t next_stream = 1;
static uint64_t calls, errors, begun_flows, wanted_flows;
static char first_error[200];

static uint32_t take_number(const uint8_t **at, const uint8_t *end) {
  if (end - *at < 4) {
    errno = EINVAL;
    fail("plan");
  }
  uint32_t value = read_big_endian(*at);
  *at += 4;
  return value;
}

// Numbers are four bytes, the high one first: flows; for each its steps; for each its length and bytes.
static void read_plan(const char *path) {
  size_t length;
  const uint8_t *at = read_file(path, &length);
  const uint8_t *end = at + length;
  flow_count = take_number(&at, end);
  flows = calloc(flow_count, sizeof *flows);
  if (flows == NULL) fail("calloc");
  for (uint32_t index = 0; index < flow_count; index++) {
    flows[index].steps = take_number(&at, end);
    if (flows[index].steps == 0 || flows[index].steps > MAXIMUM_STEPS) {
      errno = E2BIG;
      fail("plan");
    }
    for (uint32_t step = 0; step < flows[index].steps; step++) {
      flows[index].lengths[step] = take_number(&at, end);
      flows[index].requests[step] = at;
      at += flows[index].lengths[step];
    }
  }
}

static void record(struct durations *durations, uint64_t value) {
  if (durations->values == NULL) {
    durations->values = malloc(wanted_flows * sizeof *durations->values);
    if (durations->values == NULL) fail("malloc");
  }
  durations->values[durations->count++] = value;
}

static void send_step(uint32_t index, uint64_t time) {
  struct run *run = &runs[index];
  uint32_t length = run->flow->lengths[run->step];
  if (output_length + FRAME_HEADER + length > BUFFER) {
    errno = ENOBUFS;
    fail("requests at once");
  }
  write_header(output + output_length, length, next_stream);
  memcpy(output + output_length + FRAME_HEADER, run->flow->requests[run->step], length);
  output_length += FRAME_HEADER + length;
  run_of_stream[next_stream / 2 % STREAMS] = index;
  next_stream += 2;
  run->sent = time;
}

static void begin_flow(uint32_t index, uint64_t time) {
  if (begun_flows == wanted_flows) {
    runs[index].flow = NULL;
    return;
  }
  runs[index] = (struct run){.flow = &flows[begun_flows % flow_count], .begun = time};
  begun_flows++;
  send_step(index, time);
}

// @returns true when a flow has ended and no other began in its place
static bool take_response(const uint8_t *frame, uint32_t length, uint64_t time) {
  uint32_t index = run_of_stream[read_big_endian(frame + 4) / 2 % STREAMS];
  struct run *run = &runs[index];
  char text[sizeof first_error];
  bool failed = is_failure(frame + FRAME_HEADER, length, text, sizeof text);
  calls++;
  record(&steps[run->step], time - run->sent);
  if (failed) {
    if (errors++ == 0) snprintf(first_error, sizeof first_error, "%s", text);
  } else if (run->step + 1 < run->flow->steps) {
    run->step++;
    send_step(index, time);
    return false;
  }
  record(&whole, time - run->begun);
  begin_flow(index, time);
  return runs[index].flow == NULL;
}

static void converse(int connection, uint32_t in_flight) {
  size_t held = 0;
  while (in_flight > 0) {
    write_all(connection, output, output_length);
    output_length = 0;
    ssize_t got = read(connection, input + held, sizeof input - held);
    if (got < 0 && errno == EINTR) continue;
    if (got == 0) errno = ECONNRESET;
    if (got <= 0) fail("read");
    uint64_t time = now();
    held += (size_t)got;
    size_t done = 0;
    while (held - done >= FRAME_HEADER) {
      uint32_t length = read_big_endian(input + done);
      if (held - done < FRAME_HEADER + length) break;
      if (take_response(input + done, length, time)) in_flight--;
      done += FRAME_HEADER + length;
    }
    memmove(input, input + done, held - done);
    held -= done;
  }
}

static int compare(const void *one, const void *other) {
  uint64_t a = *(const uint64_t *)one, b = *(const uint64_t *)other;
  return (a > b) - (a < b);
}

static void print_durations(const char *name, struct durations *durations) {
  size_t count = durations->count;
  qsort(durations->values, count, sizeof *durations->values, compare);
  printf("\"%s\":{\"p50\":%lu,\"p99\":%lu,\"max\":%lu}", name, (unsigned long)durations->values[count / 2],
         (unsigned long)durations->values[count * 99 / 100], (unsigned long)durations->values[count - 1]);
}

int run_calls(int count, char **words) {
  if (count != 6) return 2;
  read_plan(words[1]);
  wanted_flows = number(words[2]);
  uint32_t in_flight = (uint32_t)number(words[3]);
  pid_t server = (pid_t)number(words[4]);
  if (wanted_flows < in_flight) in_flight = (uint32_t)wanted_flows;
  runs = calloc(in_flight, sizeof *runs);
  if (runs == NULL) fail("calloc");
  int connection = connect_to(words[0]);
  place(words[5], server);
  uint64_t server_before = processor_time(server);
  uint64_t own_before = processor_time(getpid());
  uint64_t begin = now();
  for (uint32_t index = 0; index < in_flight; index++) begin_flow(index, begin);
  converse(connection, in_flight);
  uint64_t wall = now() - begin;
  uint64_t own = processor_time(getpid()) - own_before;
  uint64_t served = processor_time(server) - server_before;
  release(server);
  printf("{\"calls\":%lu,\"errors\":%lu,\"firstError\":\"%s\",\"wall\":%lu,\"client\":%lu,\"server\":%lu,",
         (unsigned long)calls, (unsigned long)errors, first_error, (unsigned long)wall, (unsigned long)own,
         (unsigned long)served);
  print_durations("flow", &whole);
  for (int step = 0; step < MAXIMUM_STEPS && steps[step].count > 0; step++) {
    char name[16];
    snprintf(name, sizeof name, "step%d", step + 1);
    printf(",");
    print_durations(name, &steps[step]);
  }
  printf("}\n");
  return 0;
}
