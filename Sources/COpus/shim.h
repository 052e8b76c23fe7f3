#pragma once
#include <opus.h>

/* opus_*_ctl is variadic, so Swift cannot import it. */
static inline int copus_encoder_set(OpusEncoder *e, int request, opus_int32 value) {
  return opus_encoder_ctl(e, request, value);
}
static inline int copus_encoder_get(OpusEncoder *e, int request, opus_int32 *value) {
  return opus_encoder_ctl(e, request, value);
}
static inline int copus_decoder_get(OpusDecoder *d, int request, opus_int32 *value) {
  return opus_decoder_ctl(d, request, value);
}
static inline int copus_decoder_reset(OpusDecoder *d) {
  return opus_decoder_ctl(d, OPUS_RESET_STATE);
}
