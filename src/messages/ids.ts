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

/** As many as the longest id has. 32 bits a character: the remainder by 58 is then as good as even. */
const numbers = new Uint32Array(32);
const characters = Buffer.alloc(numbers.length);

/** Every request has an id: put together from characters, it would leave a string for each of them behind. */
function random(length: number): string {
  crypto.getRandomValues(numbers.subarray(0, length));
  for (let at = 0; at < length; at++) characters[at] = base58.charCodeAt((numbers[at] ?? 0) % 58);
  return characters.toString("latin1", 0, length);
}
