// The frames of ttrpc, as far as a client that sends prepared requests has to know them.
#pragma once
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define FRAME_HEADER 10

// Writes the header of a request without data to follow.
void write_header(uint8_t *header, uint32_t length, uint32_t stream);

uint32_t read_big_endian(const uint8_t *bytes);

// A field of a protobuf message whose value has a length. NULL when there is none of that number.
const uint8_t *find_bytes(const uint8_t *message, size_t length, unsigned field, size_t *found);

// A field whose value is a number; 0 when there is none.
uint64_t find_number(const uint8_t *message, size_t length, unsigned field);

// True when a response tells that the call failed; then `text` is what it says, as much as fits.
bool is_failure(const uint8_t *response, size_t length, char *text, size_t room);
