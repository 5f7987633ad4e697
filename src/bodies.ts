/** A response whose body is told as text, once the client has all of it. What it holds back is no more than without. */
export function tap(response: Response, tell: (text: string) => void): Response {
  if (response.body === null) return response;
  const decoder = new TextDecoder();
  let text = "";
  const spy = new TransformStream<Uint8Array, Uint8Array>({
    transform(chunk, controller) {
      text += decoder.decode(chunk, { stream: true });
      controller.enqueue(chunk);
    },
    flush: () => tell(text + decoder.decode()),
  });
  return new Response(response.body.pipeThrough(spy), response);
}
