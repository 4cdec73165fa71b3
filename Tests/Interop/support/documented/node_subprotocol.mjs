const ws = new WebSocket("wss://api.openai.com/v1/realtime?model=gpt-realtime", [
  "realtime",
  "openai-insecure-api-key." + process.env.OPENAI_API_KEY,
]);

ws.addEventListener("open", function open() {
  ws.send(JSON.stringify({ type: "session.update", session: { type: "realtime", output_modalities: ["text"] } }));
  ws.send(JSON.stringify({
    type: "conversation.item.create",
    item: { type: "message", role: "user", content: [{ type: "input_text", text: "Hello!" }] },
  }));
  ws.send(JSON.stringify({ type: "response.create" }));
});

ws.addEventListener("message", function incoming(message) {
  const event = JSON.parse(message.data);
  console.log(JSON.stringify(event));
  if (event.type === "response.done") ws.close();
});
