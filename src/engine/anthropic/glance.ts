/** What a request's body says, seen without parsing it. What is escaped inside of texts reads differently. */

/** So much behind a name is looked at (bytes): the rest is either whitespace or no value that is looked for. */
const most = 200;

const model = Buffer.from('"model"');
const stream = Buffer.from('"stream"');

/** Whether every model that a body names, wherever it does, is an id as the API lists them: then none is to be looked up. */
export function namesKnownModels(bytes: Uint8Array<ArrayBuffer>): boolean {
  let named = false;
  for (const value of valuesOf(model, bytes)) {
    if (!/^\s*:\s*"claude-[a-z0-9-]+"/.test(value)) return false;
    named = true;
  }
  return named;
}

/** Whether a body asks for a stream, whose head comes at once. */
export function asksForStream(bytes: Uint8Array<ArrayBuffer> | undefined): boolean {
  if (bytes === undefined) return false;
  for (const value of valuesOf(stream, bytes)) if (/^\s*:\s*true/.test(value)) return true;
  return false;
}

/** What follows a name, each time that it stands in a body. */
function* valuesOf(name: Buffer, bytes: Uint8Array<ArrayBuffer>): Generator<string> {
  const body = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  for (let at = body.indexOf(name); at >= 0; at = body.indexOf(name, at)) {
    at += name.length;
    yield body.toString("latin1", at, at + most);
  }
}
