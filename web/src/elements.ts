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

export function write(id: string, words: string): void {
  byId(id, HTMLElement).textContent = words;
}

export function onClick(id: string, act: () => void): void {
  byId(id, HTMLElement).addEventListener("click", act);
}

/** The value of the radio button of this name that is on; `act` is called when it changes. */
export function onChoice(name: string, act: (value: string) => void): void {
  for (const input of document.querySelectorAll<HTMLInputElement>(`input[name="${name}"]`)) {
    input.addEventListener("change", () => {
      act(input.value);
    });
  }
}
