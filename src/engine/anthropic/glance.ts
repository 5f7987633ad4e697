/** What a request's body says, seen without parsing it. What is escaped inside of texts reads differently. */

/** So much behind a name is looked at (bytes): the rest is either whitespace or no value that is looked for. */
const most = 200;

const model = Buffer.from('"model"');
const knownModel = /^\s*:\s*"claude-[a-z0-9-]+"/;

const stream = Buffer.from('"stream"');
const yes = /^\s*:\s*true/;

/** Whether every model that a body names, wherever it does, is an id as the API lists them: then none is to be looked up. */
export function namesKnownModels(bytes: Uint8Array<ArrayBuffer>): boolean {
  const body = bufferOf(bytes);
  const first = endOf(model, body, 0);
  for (let at = first; at >= 0; at = endOf(model, body, at)) if (!isAt(at, knownModel, body)) return false;
  return first >= 0;
}

/** Whether a body asks for a stream, whose head comes at once. */
export function asksForStream(bytes: Uint8Array<ArrayBuffer> | undefined): boolean {
  if (bytes === undefined) return false;
  const body = bufferOf(bytes);
  for (let at = endOf(stream, body, 0); at >= 0; at = endOf(stream, body, at)) if (isAt(at, yes, body)) return true;
  return false;
}

function bufferOf({ buffer, byteOffset, byteLength }: Uint8Array<ArrayBuffer>): Buffer {
  return Buffer.from(buffer, byteOffset, byteLength);
}

/** Where the next of these names ends; -1 where there is none. */
function endOf(name: Buffer, body: Buffer, from: number): number {
  const at = body.indexOf(name, from);
  return at < 0 ? at : at + name.length;
}

function isAt(at: number, value: RegExp, body: Buffer): boolean {
  return value.test(body.toString("latin1", at, at + most));
}
