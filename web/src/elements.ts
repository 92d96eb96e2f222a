/** Access to the elements of the page. */

import text from "./text.json";

type Kind<T> = abstract new (...parameters: never[]) => T;

export function byId<T extends Element>(id: string, kind: Kind<T>): T {
  const element = document.getElementById(id);
  if (!(element instanceof kind)) throw new Error(`the page lacks #${id}`);
  return element;
}

export function show(id: string, visible: boolean): void {
  byId(id, HTMLElement).hidden = !visible;
}

export function write(id: string, words: string, values: Values = {}): void {
  const [element, filled] = [byId(id, HTMLElement), fill(words, values)];
  if (element.textContent !== filled) element.textContent = filled; // else it is read out again
}

type Values = Record<string, string | number>;

/** Put values into a text of `text.json`: `{width}`, or `{metres:2}` with two decimals. */
export function fill(words: string, values: Values): string {
  return words.replace(/\{(\w+)(?::(\d))?\}/g, (_, name: string, digits?: string) => {
    const [value, count] = [values[name], Number(digits)];
    if (typeof value === "string") return value;
    const decimals = digits && { minimumFractionDigits: count, maximumFractionDigits: count };
    return value.toLocaleString(text.language, { useGrouping: false, ...decimals });
  });
}

type Listener = (target: HTMLInputElement) => Promise<void> | void;

/** Listen to an event of an element; the browser does nothing of its own. */
export function on(id: string, kind: string, act: Listener): void {
  byId(id, HTMLElement).addEventListener(kind, (event) => {
    event.preventDefault();
    void act(event.target as HTMLInputElement);
  });
}
