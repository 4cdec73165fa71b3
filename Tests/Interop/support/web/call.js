// https://platform.openai.com/docs/guides/realtime-webrtc, "Connecting using WebRTC", with a key that is there already.
// Create a peer connection
const pc = new RTCPeerConnection();

// Set up to play remote audio from the model
const audioElement = document.createElement("audio");
audioElement.autoplay = true;
pc.ontrack = (e) => (audioElement.srcObject = e.streams[0]);

// Add local audio track for microphone input in the browser
const ms = await navigator.mediaDevices.getUserMedia({
  audio: true,
});
pc.addTrack(ms.getTracks()[0]);

// Set up data channel for sending and receiving events
const dc = pc.createDataChannel("oai-events");

dc.addEventListener("message", (e) => {
  // Realtime server events appear here!
  record(JSON.parse(e.data));
});

// Start the session using the Session Description Protocol (SDP)
const offer = await pc.createOffer();
await pc.setLocalDescription(offer);

const sdpResponse = await fetch("https://api.openai.com/v1/realtime/calls?model=gpt-realtime", {
  method: "POST",
  body: offer.sdp,
  headers: {
    Authorization: `Bearer ${EPHEMERAL_KEY}`,
    "Content-Type": "application/sdp",
  },
});

const answer = {
  type: "answer",
  sdp: await sdpResponse.text(),
};
await pc.setRemoteDescription(answer);

globalThis.call = { pc, dc, audioElement, location: sdpResponse.headers.get("Location") };
