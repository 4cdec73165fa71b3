const ws = new WebSocket("wss://api.openai.com/v1/realtime?model=gpt-realtime", [
  "realtime",
  "openai-insecure-api-key." + OPENAI_API_KEY,
]);

ws.addEventListener("open", function open() {
  ws.send(JSON.stringify({
    type: "session.update",
    session: { type: "realtime", output_modalities: ["text"], instructions: "Answer in one short sentence." },
  }));
  ws.send(JSON.stringify({
    type: "conversation.item.create",
    item: { type: "message", role: "user", content: [{ type: "input_text", text: "What is the capital of France?" }] },
  }));
  ws.send(JSON.stringify({ type: "response.create", response: { output_modalities: ["text"] } }));
});

ws.addEventListener("message", function incoming(message) {
  const event = JSON.parse(message.data);
  record(event);
  if (event.type === "response.done") ws.close();
});

ws.addEventListener("close", ended);
