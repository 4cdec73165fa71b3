try {
  const response = await fetch("https://api.openai.com/v1/realtime/client_secrets", {
    method: "POST",
    headers: {
      Authorization: `Bearer ${OPENAI_API_KEY}`,
      "Content-Type": "application/json",
    },
    body: JSON.stringify({
      expires_after: { anchor: "created_at", seconds: 60 },
      session: { type: "realtime", model: "gpt-realtime" },
    }),
  });
  record({ status: response.status, ...(await response.json()) });
} catch (error) {
  record({ refused: error.name });
}
ended({ code: 0 });
