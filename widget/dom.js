// The only place that makes elements. Text goes in as text nodes, so nothing a person typed is ever parsed as HTML.

import { filter } from './lists.js';

/**
 * An element with attributes and children. `on…` functions become listeners; null, false and undefined are left out.
 * @param {string} tag
 * @param {Object<string, unknown>} [props]
 * @param {...(Node|string|null|false|undefined)} children
 */
export function h(tag, props = {}, ...children) {
  const element = document.createElement(tag);
  for (const name of Object.keys(props)) {
    const value = props[name];
    if (typeof value === 'function') element.addEventListener(name.slice(2), value);
    else set(element, name, value);
  }
  for (const child of children) if (child || child === '') element.append(child);
  return element;
}

/** Sets an attribute, or takes it away when the value is null, false or undefined. */
export function set(element, name, value) {
  if (value === null || value === undefined || value === false) element.removeAttribute(name);
  else element.setAttribute(name, value === true ? '' : value);
}

/** Replaces an element's children. */
export function fill(element, ...children) {
  element.replaceChildren(...filter(children, (child) => child || child === ''));
}

/** What has the focus on the page or, where that is the block, inside it; null where nothing has. */
export function focused(inside) {
  const { activeElement: at, body } = document;
  return inside.getRootNode().activeElement ?? (at === body ? null : at);
}

let trusted;

/** Shows HTML that the service has rendered and sanitised: the one use of innerHTML. */
export function setServerHtml(element, html) {
  if (trusted === undefined) {
    // A page may demand Trusted Types; it may also refuse the name, and then plain text is all it lets through.
    try {
      trusted = window.trustedTypes?.createPolicy('postil', { createHTML: (text) => text }) ?? null;
    } catch {
      trusted = null;
    }
  }
  try {
    element.innerHTML = trusted ? trusted.createHTML(html) : html;
  } catch {
    element.textContent = html.replace(/<[^>]*>/g, '');
  }
}
