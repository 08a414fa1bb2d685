// Elements from data. What comes from the repository reaches the document as text nodes and plain attributes alone:
// nothing here parses markup, and attributes that could run something are refused.

const SVG = 'http://www.w3.org/2000/svg';
const REFUSED = /^(on|style$|srcdoc$|formaction$|xlink:)/i;

/** An HTML element: `h('a', { class: 'x', href: '#/board', onclick: fn }, 'text', node, [more])`. */
export function h(tag, properties, ...children) {
  return fill(document.createElement(tag), properties, children);
}

/** The same in SVG. */
export function svg(tag, properties, ...children) {
  return fill(document.createElementNS(SVG, tag), properties, children);
}

function fill(element, properties, children) {
  for (const [name, value] of Object.entries(properties ?? {})) assign(element, name, value);
  append(element, children);
  return element;
}

function assign(element, name, value) {
  if (value === null || value === undefined || value === false) return;
  if (typeof value === 'function') element.addEventListener(name.replace(/^on/, ''), value);
  else if (name === 'css') for (const [key, one] of Object.entries(value)) element.style.setProperty(key, one);
  else if (name === 'data') Object.assign(element.dataset, value);
  else if (REFUSED.test(name)) throw new TypeError(`no attribute ${name}`);
  else if (name === 'href' && !/^(#|https?:\/\/)/.test(value)) throw new TypeError('a link leads to a view or to the web');
  else element.setAttribute(name, value === true ? '' : String(value));
}

function append(element, children) {
  for (const child of children.flat(Infinity)) {
    if (child === null || child === undefined || child === false || child === '') continue;
    element.append(child instanceof Node ? child : String(child));
  }
}

const FOCUSABLE = 'a, button, select, input';

/** Put these children in place of what is there. Where one of those has the focus, its successor gets it. */
export function replace(element, ...children) {
  const held = element.contains(document.activeElement) && element !== document.activeElement ? document.activeElement : null;
  const at = held ? [...element.querySelectorAll(FOCUSABLE)].indexOf(held) : -1;
  element.replaceChildren();
  append(element, children);
  if (at >= 0) successor([...element.querySelectorAll(FOCUSABLE)], at, held)?.focus({ preventScroll: true });
  return element;
}

function successor(found, at, held) {
  const same = (one) => one?.tagName === held.tagName && one.textContent === held.textContent;
  return same(found[at]) ? found[at] : found.find(same);
}

/** Text with `code` in it, as Markdown writes it; every other character stays as it is. */
export function inline(text) {
  return String(text).split(/(`[^`]+`)/).map((part) =>
    part.length > 2 && part.startsWith('`') && part.endsWith('`') ? h('code', {}, part.slice(1, -1)) : part);
}

/** Call `fn` once the page has time to draw, however often it is asked for before. */
export function framed(fn) {
  let asked = 0;
  return () => {
    asked ||= requestAnimationFrame(() => {
      asked = 0;
      fn();
    });
  };
}

export const still = () => matchMedia('(prefers-reduced-motion: reduce)').matches;
