/** A small streamed request to each API, and the text in what it answers. */

export interface SampleRequest {
  readonly title: string;
  readonly path: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: unknown;
}

/** The same question to each API. */
export function sampleRequests(model: string, question: string): SampleRequest[] {
  const messages = [{ role: "user", content: question }];
  const json = { "content-type": "application/json" };
  return [
    {
      title: "Anthropic Messages",
      path: "/v1/messages",
      headers: { ...json, "anthropic-version": "2023-06-01" },
      body: { model, max_tokens: 1000, stream: true, messages },
    },
    {
      title: "OpenAI Chat Completions",
      path: "/v1/chat/completions",
      headers: json,
      body: { model, stream: true, messages },
    },
    {
      title: "OpenAI Responses",
      path: "/v1/responses",
      headers: json,
      body: { model, stream: true, store: false, input: question },
    },
  ];
}

interface StreamedEvent {
  type?: string;
  error?: { message?: string };
  delta?: { text?: string } | string;
  choices?: { delta?: { content?: string | null } }[];
}

/** The piece of text in the data of one event, of any API. Throws where it tells of an error. */
export function textOf(data: string): string {
  if (!data.startsWith("{")) return "";
  const event = JSON.parse(data) as StreamedEvent;
  if (event.error !== undefined && event.error !== null)
    throw new Error(event.error.message ?? "the stream broke off.");
  if (event.type === "response.output_text.delta") return String(event.delta);
  if (typeof event.delta === "string") return "";
  return event.delta?.text ?? event.choices?.[0]?.delta?.content ?? "";
}
