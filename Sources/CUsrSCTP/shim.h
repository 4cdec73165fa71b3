#ifndef CUSRSCTP_SHIM_H
#define CUSRSCTP_SHIM_H
#include <stddef.h>
#include <usrsctp.h>

// The last parameter is a variadic function, which Swift cannot import.
static inline void viva_usrsctp_init(int (*output)(void *, void *, size_t, uint8_t, uint8_t)) {
  usrsctp_init_nothreads(0, output, NULL);
}
#endif
