#ifndef CWEBSOCKETS_SHIM_H
#define CWEBSOCKETS_SHIM_H
#include <libwebsockets.h>
static const int viva_LWS_PRE = LWS_PRE; /* an expression macro: Swift does not import it */
#endif
