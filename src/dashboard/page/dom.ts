/** The little that the page needs of a framework. Whatever text it is given stays a text: there is no way to markup. */

type Child = Node | string;

/** An element of HTML with attributes, and children of which texts are texts. */
export function html<K extends keyof HTMLElementTagNameMap>(
  tag: K,
  attributes: Readonly<Record<string, string>> = {},
  ...children: Child[]
): HTMLElementTagNameMap[K] {
  return fill(document.createElement(tag), attributes, children);
}

/** An element of SVG. */
export function svg<K extends keyof SVGElementTagNameMap>(
  tag: K,
  attributes: Readonly<Record<string, string | number>> = {},
  ...children: Child[]
): SVGElementTagNameMap[K] {
  return fill(document.createElementNS("http://www.w3.org/2000/svg", tag), attributes, children);
}

function fill<E extends Element>(
  element: E,
  attributes: Readonly<Record<string, string | number>>,
  children: readonly Child[],
): E {
  for (const [name, value] of Object.entries(attributes)) element.setAttribute(name, String(value));
  element.append(...children);
  return element;
}

/** A sentence, with what stands in backticks as code, and flags in one piece. */
export function prose(sentence: string): Child[] {
  const children: Child[] = [];
  let at = 0;
  for (const { 0: all, 1: code, index } of sentence.matchAll(/`([^`]+)`|--[a-z][a-z-]*/g)) {
    children.push(
      sentence.slice(at, index),
      code === undefined ? html("span", { class: "flag" }, all) : html("code", {}, code),
    );
    at = index + all.length;
  }
  return [...children, sentence.slice(at)];
}

/** The element that the page's HTML has by this id. */
export function byId<E extends HTMLElement = HTMLElement>(id: string): E {
  const element = document.getElementById(id);
  if (element === null) throw new Error(`The page has no #${id}`);
  return element as E;
}

/** Sets a text, where it is another: what has not changed is not read out again. */
export function write(element: Element, text: string): void {
  if (element.textContent !== text) element.textContent = text;
}

/** An element for each item, in their order. Those that stay keep their place in the hands of who reads or selects. */
export class List<T> {
  readonly #elements = new Map<string, { element: Element; update(item: T): void }>();

  constructor(
    readonly parent: Element,
    readonly key: (item: T) => string,
    readonly make: () => { element: Element; update(item: T): void },
  ) {}

  show(items: readonly T[]): void {
    const keys = new Set(items.map(this.key));
    for (const [key, { element }] of this.#elements) {
      if (keys.has(key)) continue;
      element.remove();
      this.#elements.delete(key);
    }
    let next = this.parent.firstElementChild;
    for (const item of items) {
      const key = this.key(item);
      const entry = this.#elements.get(key) ?? this.make();
      this.#elements.set(key, entry);
      entry.update(item);
      if (entry.element === next) next = next.nextElementSibling;
      else this.parent.insertBefore(entry.element, next);
    }
  }
}
