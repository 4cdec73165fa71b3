import WebSocket from "ws";

const url = "wss://api.openai.com/v1/realtime?model=gpt-realtime";
const ws = new WebSocket(url, {
  headers: {
    Authorization: "Bearer " + process.env.OPENAI_API_KEY,
  },
});

ws.on("open", function open() {
  ws.send(JSON.stringify({ type: "session.update", session: { type: "realtime", output_modalities: ["text"] } }));
  ws.send(JSON.stringify({
    type: "conversation.item.create",
    item: { type: "message", role: "user", content: [{ type: "input_text", text: "Hello!" }] },
  }));
  ws.send(JSON.stringify({ type: "response.create" }));
});

// Listen for and parse server events
ws.on("message", function incoming(message) {
  const event = JSON.parse(message.toString());
  console.log(JSON.stringify(event));
  if (event.type === "response.done") ws.close();
});
