// Audio as the protocol carries it: 24 kHz, mono, signed 16 bit, little endian, in base64.

export const SAMPLE_RATE = 24000;

export function encode(samples) {
  return encodeBytes(new Uint8Array(samples.buffer, samples.byteOffset, samples.byteLength));
}

export function encodeBytes(bytes) {
  const pieces = [];
  // fromCharCode takes its bytes as arguments, of which an engine allows only so many.
  for (let at = 0; at < bytes.length; at += 8192) {
    pieces.push(String.fromCharCode(...bytes.subarray(at, at + 8192)));
  }
  return btoa(pieces.join(""));
}

export function decodeBytes(base64) {
  const text = atob(base64);
  const bytes = new Uint8Array(text.length);
  for (let i = 0; i < bytes.length; i++) bytes[i] = text.charCodeAt(i);
  return bytes;
}

export function decode(base64) {
  const bytes = decodeBytes(base64);
  return new Int16Array(bytes.buffer, 0, bytes.length >> 1);
}

/** A WAV file of the pieces, one after the other. */
export function wav(pieces) {
  const length = pieces.reduce((sum, piece) => sum + piece.length, 0) * 2;
  const file = new DataView(new ArrayBuffer(44 + length));
  const text = (at, word) => [...word].forEach((c, i) => file.setUint8(at + i, c.charCodeAt(0)));
  text(0, "RIFF");
  file.setUint32(4, 36 + length, true);
  text(8, "WAVEfmt ");
  file.setUint32(16, 16, true);
  file.setUint16(20, 1, true); // PCM
  file.setUint16(22, 1, true); // channels
  file.setUint32(24, SAMPLE_RATE, true);
  file.setUint32(28, SAMPLE_RATE * 2, true);
  file.setUint16(32, 2, true);
  file.setUint16(34, 16, true);
  text(36, "data");
  file.setUint32(40, length, true);
  let at = 44;
  for (const piece of pieces) {
    for (const sample of piece) {
      file.setInt16(at, sample, true);
      at += 2;
    }
  }
  return new Uint8Array(file.buffer);
}
