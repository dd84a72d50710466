// Small helpers around the document.

export const byId = (id) => document.getElementById(id);

/** Write a text only when it differs, so that nothing is announced twice. */
export function write(element, text) {
  if (element.textContent !== text) element.textContent = text;
}

/** An element with attributes (a falsy one is left out, `on…` listens) and children, which may be texts. */
export function make(tag, attributes = {}, ...children) {
  const element = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) {
    if (name.startsWith("on")) element.addEventListener(name.slice(2), value);
    else if (value || value === 0) element.setAttribute(name, value === true ? "" : value);
  }
  element.append(...children.filter((child) => child !== null && child !== undefined && child !== ""));
  return element;
}

/** Replace the children of a list only when what they are made from has changed. */
export function fill(list, values, toElement) {
  const told = JSON.stringify(values);
  if (list.dataset.told === told) return;
  list.dataset.told = told;
  list.replaceChildren(...values.map(toElement));
}

/** Make these the children, in this order. What stands right is not touched, since moving it would take its focus. */
export function arrange(list, elements) {
  const wanted = new Set(elements);
  for (const child of [...list.children]) if (!wanted.has(child)) child.remove();
  elements.forEach((element, n) => { if (list.children[n] !== element) list.insertBefore(element, list.children[n] ?? null); });
}

/** Whether somebody is typing there. */
export function isField(element) {
  return Boolean(element?.matches?.("input:not([type=range], [type=checkbox], [type=radio]), textarea, select, [contenteditable]"));
}

/** A press with the mouse leaves the focus where it was, so that the keys still mean the same. */
export function keepFocus(element) {
  element.addEventListener("mousedown", (event) => event.preventDefault());
}
