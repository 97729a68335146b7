#include "frame.h"

#include <string.h>

enum { VARINT = 0, FIXED64 = 1, BYTES = 2, FIXED32 = 5, REQUEST = 1 };

void write_header(uint8_t *header, uint32_t length, uint32_t stream) {
  for (int at = 0; at < 4; at++) {
    header[at] = (uint8_t)(length >> (24 - 8 * at));
    header[4 + at] = (uint8_t)(stream >> (24 - 8 * at));
  }
  header[8] = REQUEST;
  header[9] = 0;
}

uint32_t read_big_endian(const uint8_t *bytes) {
  return (uint32_t)bytes[0] << 24 | (uint32_t)bytes[1] << 16 | (uint32_t)bytes[2] << 8 | bytes[3];
}

static uint64_t read_varint(const uint8_t **at, const uint8_t *end) {
  uint64_t value = 0;
  for (unsigned shift = 0; *at < end && shift < 64; shift += 7) {
    uint8_t byte = *(*at)++;
    value |= (uint64_t)(byte & 0x7f) << shift;
    if (byte < 0x80) break;
  }
  return value;
}

// The first field of this number and kind: its bytes, or its value in `value`.
static const uint8_t *find(const uint8_t *message, size_t length, unsigned field, unsigned kind, uint64_t *value) {
  const uint8_t *end = message + length;
  for (const uint8_t *at = message; at < end;) {
    uint64_t tag = read_varint(&at, end);
    bool wanted = tag == ((uint64_t)field << 3 | kind);
    uint64_t number = 0;
    switch (tag & 7) {
      case VARINT:
        number = read_varint(&at, end);
        break;
      case FIXED64:
        at += 8;
        break;
      case FIXED32:
        at += 4;
        break;
      case BYTES:
        number = read_varint(&at, end);
        if (number > (uint64_t)(end - at)) return NULL;
        if (!wanted) at += number;
        break;
      default:
        return NULL;
    }
    if (wanted) {
      *value = number;
      return at;
    }
  }
  return NULL;
}

const uint8_t *find_bytes(const uint8_t *message, size_t length, unsigned field, size_t *found) {
  uint64_t size = 0;
  const uint8_t *bytes = find(message, length, field, BYTES, &size);
  *found = (size_t)size;
  return bytes;
}

uint64_t find_number(const uint8_t *message, size_t length, unsigned field) {
  uint64_t value = 0;
  return find(message, length, field, VARINT, &value) == NULL ? 0 : value;
}

bool is_failure(const uint8_t *response, size_t length, char *text, size_t room) {
  size_t size, words;
  const uint8_t *status = find_bytes(response, length, 1, &size);
  if (status == NULL || find_number(status, size, 1) == 0) return false;
  const uint8_t *message = find_bytes(status, size, 2, &words);
  if (message == NULL) words = 0;
  if (words >= room) words = room - 1;
  for (size_t at = 0; at < words; at++) {
    // It is printed within JSON.
    bool plain = message[at] >= ' ' && message[at] < 127 && message[at] != '"' && message[at] != '\\';
    text[at] = plain ? (char)message[at] : ' ';
  }
  text[words] = '\0';
  return true;
}
