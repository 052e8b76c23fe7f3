/* The datagram both ends of the floor measurement agree on: counter 8 | ciphertext | tag 16.
   The counter is authenticated and is the nonce; keys are fixed bytes, because nothing here is
   secret and both ends must know them without a handshake. */
#ifndef STARLING_FLOOR_CELL_H
#define STARLING_FLOOR_CELL_H

#include <sodium.h>
#include <stdint.h>
#include <string.h>

enum {
  CELL_COUNTER = 8,
  CELL_TAG = 16,
  CELL_OVERHEAD = CELL_COUNTER + CELL_TAG,
  CELL_MAX_PAYLOAD = 1100,
  CELL_MAX = CELL_MAX_PAYLOAD + CELL_OVERHEAD,
  FLOOR_MAX_FANOUT = 64,
};

typedef struct {
  uint8_t bytes[crypto_aead_chacha20poly1305_ietf_KEYBYTES];
} cell_key;

/* What the load seals under and the relay opens with. */
static inline cell_key cell_inbound_key(void) {
  cell_key key;
  memset(key.bytes, 1, sizeof key.bytes);
  return key;
}

/* What the relay seals under for destination `index`. */
static inline cell_key cell_outbound_key(int index) {
  cell_key key;
  memset(key.bytes, 2 + index, sizeof key.bytes);
  return key;
}

static inline void cell_nonce(uint8_t nonce[12], const uint8_t *counter) {
  memset(nonce, 0, 4);
  memcpy(nonce + 4, counter, CELL_COUNTER);
}

/* Writes counter, ciphertext and tag to `cell`; returns its length. */
static inline size_t cell_seal(const cell_key *key, const uint8_t *counter, const uint8_t *payload,
                               size_t count, uint8_t *cell) {
  uint8_t nonce[12];
  unsigned long long sealed = 0;
  cell_nonce(nonce, counter);
  memcpy(cell, counter, CELL_COUNTER);
  crypto_aead_chacha20poly1305_ietf_encrypt(cell + CELL_COUNTER, &sealed, payload, count, counter,
                                            CELL_COUNTER, NULL, nonce, key->bytes);
  return (size_t)sealed + CELL_COUNTER;
}

/* Returns the payload's length, or -1 for anything that does not open. */
static inline long cell_open(const cell_key *key, const uint8_t *cell, size_t count,
                             uint8_t *payload) {
  uint8_t nonce[12];
  unsigned long long opened = 0;
  if (count < CELL_OVERHEAD || count > CELL_MAX) return -1;
  cell_nonce(nonce, cell);
  if (crypto_aead_chacha20poly1305_ietf_decrypt(payload, &opened, NULL, cell + CELL_COUNTER,
                                                count - CELL_COUNTER, cell, CELL_COUNTER, nonce,
                                                key->bytes) != 0)
    return -1;
  return (long)opened;
}

#endif
