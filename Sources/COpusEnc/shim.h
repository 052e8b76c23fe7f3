#pragma once
#include <opusenc.h>

/* ope_encoder_ctl is variadic, so Swift cannot import it. */
static inline int copusenc_set(OggOpusEnc *e, int request, opus_int32 value) {
  return ope_encoder_ctl(e, request, value);
}
