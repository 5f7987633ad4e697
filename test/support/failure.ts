/**
 * What a call of an SDK fails with. Its promises are lazy, which `expect(…).rejects` takes for success; a call that
 * succeeds is told as such, not as a failure.
 */
export async function failureOf(call: PromiseLike<unknown>): Promise<unknown> {
  try {
    await call;
  } catch (error) {
    return error;
  }
  return "it did not fail";
}
