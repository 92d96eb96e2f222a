/** Access to the elements of the page. */

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
  byId(id, HTMLElement).textContent = fill(words, values);
}

type Values = Record<string, string | number>;

/** Put values into a text of `text.json`: `{width}`, or `{metres:2}` with two decimals. */
export function fill(words: string, values: Values): string {
  return words.replace(/\{(\w+)(?::(\d))?\}/g, (_, name: string, digits?: string) => {
    const value = values[name];
    return typeof value === "number" && digits ? value.toFixed(Number(digits)) : String(value);
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
