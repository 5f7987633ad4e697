/** Ids of the lengths and alphabets that the APIs themselves use, so that no client's pattern refuses them. */

const base58 = "123456789ABCDEFGHJKLMNPQRSTUVWXYZabcdefghijkmnopqrstuvwxyz";

/** `msg_01…`: one answer. */
export const mintMessageId = (): string => `msg_01${random(22)}`;

/** `toolu_01…`: one tool call. */
export const mintToolUseId = (): string => `toolu_01${random(22)}`;

/** `req_01…`: one HTTP request, in its headers and its error body. */
export const mintRequestId = (): string => `req_01${random(22)}`;

/** `chatcmpl-…`: one chat completion, the same in all its chunks. */
export const mintChatCompletionId = (): string => `chatcmpl-${random(29)}`;

function random(length: number): string {
  let text = "";
  // 32 bits a character: the remainder by 58 is then as good as even.
  const numbers = crypto.getRandomValues(new Uint32Array(length));
  // Every request has an id: to iterate takes three times as long.
  for (let at = 0; at < length; at++) text += base58[(numbers[at] ?? 0) % 58];
  return text;
}
