#ifndef CWEBRTCVAD_SHIM_H
#define CWEBRTCVAD_SHIM_H
#include <stddef.h>
#include <stdint.h>
/* Debian's libwebrtc-audio-processing exports WebRTC's VAD but ships no header for it. */
typedef struct WebRtcVadInst VadInst;
VadInst *WebRtcVad_Create(void);
void WebRtcVad_Free(VadInst *handle);
int WebRtcVad_Init(VadInst *handle);
int WebRtcVad_set_mode(VadInst *handle, int mode);
int WebRtcVad_Process(VadInst *handle, int fs, const int16_t *audio_frame, size_t frame_length);
#endif
