#ifndef COPUS_SHIM_H
#define COPUS_SHIM_H
#include <opus.h>
/* A variadic function: Swift does not import it. */
static inline int viva_opus_encoder_set(OpusEncoder *encoder, int request, opus_int32 value) {
  return opus_encoder_ctl(encoder, request, value);
}
#endif
