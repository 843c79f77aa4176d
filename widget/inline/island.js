// What stands on the page outside of the block: small hosts whose shadow neither takes from the page's styles nor adds to them.

import { CSS as LOOKS } from './style.js';

const ACCENT = '#35699c';

/** A host for controls: `{host, inside}`. It has no place in the page's layout, nor in what is copied from it. */
export function island({ h, dress }, { lang, dir }) {
  const host = h('postil-note', { 'data-postil-ignore': true });
  const inside = h('div', { class: 'island', lang, dir });
  const shadow = host.attachShadow({ mode: 'open' });
  dress(shadow, LOOKS);
  shadow.append(inside);
  return { host, inside };
}

/** The colour that lies behind an element, or the page's own. */
function ground(element) {
  for (let at = element; at; at = at.parentElement ?? at.getRootNode().host) {
    const { backgroundColor: colour } = getComputedStyle(at);
    if (!/^transparent$|[,/] 0\)$/.test(colour)) return colour;
  }
  return 'Canvas';
}

/** The accent of a block, if it is a colour. */
export function accentOf(block) {
  const given = getComputedStyle(block).getPropertyValue('--postil-accent').trim();
  return CSS.supports('color', given) ? given : ACCENT;
}

/** Gives what inherits nothing the colours of the place where it shows. */
export function tint({ style }, place, block) {
  const { color, fontFamily, colorScheme } = getComputedStyle(place);
  const values = {
    text: color,
    paper: ground(place),
    font: fontFamily,
    scheme: colorScheme,
    accent: accentOf(block),
    'on-accent': getComputedStyle(block).getPropertyValue('--postil-on-accent').trim() || '#fff',
  };
  for (const name of Object.keys(values)) style.setProperty(`--${name}`, values[name]);
}
