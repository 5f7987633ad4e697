/** Has this process take the system for another one until the scope ends: `using _ = pretend("darwin")`. */
export function pretend(platform: string): Disposable {
  const own = Object.getOwnPropertyDescriptor(process, "platform") as PropertyDescriptor;
  Object.defineProperty(process, "platform", { ...own, value: platform });
  return { [Symbol.dispose]: () => Object.defineProperty(process, "platform", own) };
}
