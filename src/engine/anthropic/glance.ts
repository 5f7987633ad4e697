/** What a request's body says, seen without parsing it. What is escaped inside of texts reads differently. */

const mark = Buffer.from('"model"');
const knownModel = /^\s*:\s*"claude-[a-z0-9-]+"/;

/** So much behind the mark is looked at (bytes): the rest is either whitespace or no value that is looked for. */
const most = 200;

/** Whether every model that a body names, wherever it does, is an id as the API lists them: then none is to be looked up. */
export function namesKnownModels({ buffer, byteOffset, byteLength }: Uint8Array<ArrayBuffer>): boolean {
  const body = Buffer.from(buffer, byteOffset, byteLength);
  let named = false;
  for (let at = body.indexOf(mark); at >= 0; at = body.indexOf(mark, at)) {
    at += mark.length;
    if (!knownModel.test(body.toString("latin1", at, at + most))) return false;
    named = true;
  }
  return named;
}
