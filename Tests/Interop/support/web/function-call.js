const ws = new WebSocket("wss://api.openai.com/v1/realtime?model=gpt-realtime", [
  "realtime",
  "openai-insecure-api-key." + OPENAI_API_KEY,
]);

ws.addEventListener("open", function open() {
  ws.send(JSON.stringify({
    type: "session.update",
    session: {
      type: "realtime",
      output_modalities: ["text"],
      tools: [
        {
          type: "function",
          name: "get_weather",
          description: "The current weather of a city.",
          parameters: {
            type: "object",
            properties: { city: { type: "string", description: "The name of the city." } },
            required: ["city"],
          },
        },
      ],
      tool_choice: "required",
    },
  }));
  ws.send(JSON.stringify({
    type: "conversation.item.create",
    item: { type: "message", role: "user", content: [{ type: "input_text", text: "What is the weather in Paris?" }] },
  }));
  ws.send(JSON.stringify({ type: "response.create" }));
});

ws.addEventListener("message", function incoming(message) {
  const event = JSON.parse(message.data);
  record(event);
  if (event.type !== "response.done") return;
  const output = event.response.output[0];
  if (output?.type !== "function_call") return ws.close();
  ws.send(JSON.stringify({
    type: "conversation.item.create",
    item: {
      type: "function_call_output",
      call_id: output.call_id,
      output: JSON.stringify({ city: JSON.parse(output.arguments).city, sky: "sunny" }),
    },
  }));
  ws.send(JSON.stringify({ type: "response.create", response: { tool_choice: "none" } }));
});

ws.addEventListener("close", ended);
