// The block's looks. A constructed stylesheet is allowed where a page's policy refuses inline styles.
// Everything is mixed from the page's own text colour and the accent, so it sits on a light page and on a dark one alike.

import { has } from './lists.js';

const CSS = `
:host { display: block; }
:host([hidden]) { display: none; }
:host([theme="light"]) { color-scheme: light; }
:host([theme="dark"]) { color-scheme: dark; }

.postil {
  --accent: var(--postil-accent, #35699c);
  --ink: color-mix(in oklab, var(--accent) 68%, currentColor);
  --muted: color-mix(in srgb, currentColor 72%, transparent);
  --line: color-mix(in srgb, currentColor 16%, transparent);
  --edge: color-mix(in srgb, currentColor 54%, transparent);
  --tint: color-mix(in srgb, currentColor 6%, transparent);
  --round: var(--postil-radius, 6px);
  --face: 2.5em;
  --gap: .875em;
  container-type: inline-size;
  font-family: var(--postil-font, inherit);
  line-height: 1.55;
  text-align: start;
  overflow-wrap: anywhere;
}
:host([theme="light"]) .postil, :host([theme="dark"]) .postil {
  color: CanvasText; background: var(--postil-background, Canvas); padding: var(--postil-padding, 1em);
}
*, *::before, *::after { box-sizing: border-box; }
[hidden] { display: none !important; }
#heading, p, ol { margin: 0; padding: 0; }
ol { list-style: none; }
a { color: var(--ink); text-underline-offset: .15em; }
button, input, select, textarea { font: inherit; color: inherit; letter-spacing: inherit; margin: 0; }
button, select { cursor: pointer; }
:focus { outline: none; }
:focus-visible { outline: 2px solid var(--ink); outline-offset: 2px; border-radius: 3px; }

/* Scripts whose letters join are neither spaced nor slanted. */
[dir="rtl"] :is(h2, .avatar) { letter-spacing: 0; }
[dir="rtl"] :is(.waiting, blockquote) { font-style: normal; }
.muted { color: var(--muted); }
.error { color: color-mix(in oklab, #d22b30 70%, currentColor); font-size: .875em; }
.unseen { position: absolute; width: 1px; height: 1px; overflow: hidden; clip-path: inset(50%); white-space: nowrap; }

.head { display: flex; flex-wrap: wrap; align-items: baseline; gap: .25em .75em; margin-block-end: 1.25em; }
#heading { font-family: var(--postil-heading-font, inherit); font-size: 1.5em; font-weight: 600; line-height: 1.2; letter-spacing: -.01em; }
.count { font-size: .9375em; }
.bar { display: flex; align-items: baseline; justify-content: flex-end; gap: .375em; margin-block: 2em -1.25em; font-size: .875em; }
select {
  border: 0; background: transparent; padding: .25em 0; font-weight: 500;
}
select option { color: CanvasText; background: Canvas; }

.field { display: grid; gap: .25em; align-content: start; min-width: 0; }
label { font-size: .875em; line-height: 1.4; font-weight: 500; }
.bar label { font-size: inherit; font-weight: 400; }
textarea, .who input {
  width: 100%; min-width: 0; padding: .5em .75em; border: 1px solid var(--edge); border-radius: var(--round);
  background: color-mix(in srgb, currentColor 2.5%, transparent); transition: border-color .15s;
}
textarea { resize: vertical; min-height: 5.5em; max-height: 60vh; field-sizing: content; line-height: inherit; }
textarea:focus, .who input:focus { outline: 2px solid var(--ink); outline-offset: -1px; border-color: transparent; }
.form { display: grid; gap: .875em; }
.foot { display: flex; flex-wrap: wrap; align-items: center; gap: .5em 1em; }
.do { display: flex; align-items: center; gap: .5em; margin-inline-start: auto; }
.send {
  border: 1px solid transparent; border-radius: var(--round); padding: .5em 1.25em; font-weight: 600; font-size: .9375em;
  background: var(--accent); color: var(--postil-on-accent, #fff); transition: filter .15s;
}
.send:hover { filter: brightness(1.1); }
.send[aria-disabled] { opacity: .7; cursor: progress; }
.notice { padding: .75em 1em; border-inline-start: 3px solid var(--line); background: var(--tint); }

.quiet, .vote, .reaction, .more, .fresh { background: none; border: 0; font-size: .8125em; line-height: 1.2; border-radius: 4px; }
.quiet, .vote { padding: .5em; color: var(--muted); }
.quiet { font-weight: 500; }
.quiet:hover, .vote:hover { color: var(--ink); background: var(--tint); }
:is(.outage, .error, .undo) .quiet { color: inherit; font-size: inherit; text-decoration: underline; }
.more { color: var(--ink); font-weight: 500; padding: .5em 0; text-align: start; }
.more:hover { text-decoration: underline; }
section > .more {
  display: block; width: 100%; margin-block-start: 2em; padding: .75em; text-align: center; font-size: .9375em;
  border: 1px solid var(--line); border-radius: var(--round);
}
/* Takes no room and stays in sight, so that nothing moves when comments arrive. */
.waits { position: sticky; z-index: 1; inset-block-start: .75em; height: 0; display: flex; justify-content: center; align-items: flex-start; }
.fresh {
  padding: .5em 1.125em; border-radius: 99em; font-weight: 600; color: var(--postil-on-accent, #fff); background: var(--accent);
  box-shadow: 0 1px 6px color-mix(in srgb, #000 30%, transparent);
}

.list { margin-block-start: 2em; }
.list > li { padding-block: 1.5em; border-block-start: 1px solid var(--line); }
.none { margin-block-start: 2em; }
.outage { display: flex; flex-wrap: wrap; align-items: center; column-gap: .25em; }
section > .outage { margin-block-start: 1.5em; }
article {
  display: grid; grid-template-columns: var(--face) minmax(0, 1fr); column-gap: var(--gap); scroll-margin-block: 4em;
  border-radius: 4px;
}
article > * { grid-column: 2; }
article:focus-visible { outline-offset: 6px; }
.avatar {
  grid-column: 1; grid-row: 1 / span 2; width: var(--face); height: var(--face); border-radius: 50%;
  display: grid; place-items: center; font-weight: 600; letter-spacing: .02em; line-height: 1; user-select: none;
  background: color-mix(in srgb, hsl(var(--hue, 0) var(--chroma, 0%) 50%) 24%, transparent);
}
.avatar { font-size: .875em; --face: 2.857em; }
[class*="hue"] { --chroma: 62%; }
.hue0 { --hue: 8; } .hue1 { --hue: 34; } .hue2 { --hue: 62; } .hue3 { --hue: 128; }
.hue4 { --hue: 172; } .hue5 { --hue: 204; } .hue6 { --hue: 248; } .hue7 { --hue: 316; }
.meta { display: flex; flex-wrap: wrap; align-items: baseline; gap: 0 .625em; font-size: .875em; line-height: 1.45; }
.name { font-weight: 650; font-size: 1.0714em; color: inherit; text-decoration: none; }
a.name:hover { text-decoration: underline; }
.when { text-decoration: none; }
.when:hover { text-decoration: underline; color: var(--ink); }
.badge { font-size: .8125em; font-weight: 600; color: var(--ink); border: 1px solid currentColor; border-radius: 99em; padding: 0 .6em; }
.new { border-color: transparent; background: color-mix(in srgb, var(--accent) 14%, transparent); }
.waiting { font-style: italic; color: var(--ink); }
.pending .body { opacity: .8; }

.body { max-width: 65ch; margin-block: .125em .25em; }
.body > :first-child { margin-block-start: 0; }
.body > :last-child { margin-block-end: 0; }
.body p, .body ul, .body ol, .body blockquote, .body pre { margin: .625em 0; }
.body ul, .body ol { padding-inline-start: 1.5em; list-style: revert; }
.body li { margin: .25em 0; }
.body :is(p, li, td, th, h1, h2, h3, h4, h5, h6) { unicode-bidi: plaintext; }
.body blockquote { padding-inline-start: .875em; border-inline-start: 2px solid var(--line); color: var(--muted); font-style: italic; }
.body code, .body pre { font-family: ui-monospace, monospace; font-size: .875em; background: var(--tint); border-radius: 3px; }
.body code { padding: .1em .35em; }
.body pre { padding: .75em 1em; overflow-x: auto; }
.body pre code { padding: 0; background: none; font-size: inherit; }
.body :is(h1, h2, h3, h4, h5, h6) { font: inherit; font-weight: 650; margin: .75em 0 .25em; letter-spacing: 0; }
.body img { max-width: 100%; height: auto; }
.body table { border-collapse: collapse; display: block; overflow-x: auto; }
.body :is(td, th) { border: 1px solid var(--line); padding: .25em .625em; }
.body hr { border: 0; border-block-start: 1px solid var(--line); }

.cut { max-height: 24em; overflow: hidden; }
.cut:has(+ .more:not([hidden])) { -webkit-mask-image: linear-gradient(#000 calc(100% - 4em), transparent); mask-image: linear-gradient(#000 calc(100% - 4em), transparent); }
.body + .more { justify-self: start; }

.reactions { display: flex; flex-wrap: wrap; margin-inline-start: .5em; }
.reaction { display: flex; align-items: center; padding: .125em; font-variant-numeric: tabular-nums; }
.reaction span { padding: .3em .625em; border: 1px solid var(--line); border-radius: 99em; white-space: nowrap; }
.reaction:hover span { border-color: var(--edge); }
.reaction[aria-pressed="true"] span { border-color: var(--ink); background: color-mix(in srgb, var(--accent) 14%, transparent); font-weight: 600; }
.actions { display: flex; flex-wrap: wrap; align-items: center; gap: .125em; margin-inline-start: -.4em; }
.votes { display: flex; margin-inline-end: .25em; }
.vote { display: flex; align-items: center; gap: .4em; min-width: 2.25em; font-variant-numeric: tabular-nums; }
.vote::before {
  content: ""; width: .55em; height: .55em; border: solid currentColor; border-width: 1.75px 0 0 1.75px;
  transform: translateY(.14em) rotate(45deg);
}
.down::before { transform: translateY(-.14em) rotate(225deg); }
.vote[aria-pressed="true"] { color: var(--ink); font-weight: 700; }
.vote[aria-pressed="true"]::before { border-width: 3px 0 0 3px; }
.vote[aria-disabled] { cursor: default; background: none; color: var(--muted); }
.tombstone .avatar { opacity: .5; }
.removing > :not(.avatar, .meta, .undo) { display: none; }

.kids { margin-inline-start: calc(var(--face) + var(--gap)); }
.kids > li { padding-block-start: 1.25em; }
.kids .kids .kids .kids { margin-inline-start: 0; }
.kids > li { --face: 2em; }
.kids .avatar { font-size: .75em; --face: 2.667em; }
li > .more { margin-inline-start: calc((var(--face) + var(--gap)) / .8125); margin-block-start: .5em; }

@container (max-width: 34rem) {
  section { --gap: .625em; }
  article { grid-template-columns: auto minmax(0, 1fr); align-items: center; row-gap: .375em; }
  article > * { grid-column: 1 / -1; }
  article > .avatar { grid-column: 1; grid-row: 1; font-size: .75em; --face: 2.667em; }
  article > .meta { grid-column: 2; }
  .kids, li > .more { margin-inline-start: .25em; }
  .kids { padding-inline-start: .75em; border-inline-start: 1px solid var(--line); margin-block-start: 1em; }
  .kids > li:first-child { padding-block-start: 0; }
  .kids .kids .kids .kids { padding-inline-start: 0; border: 0; margin-inline-start: 0; }
}
@media (any-pointer: coarse), (max-width: 30rem) {
  .quiet, .vote, .reaction, .more, .fresh, select { min-height: 44px; min-width: 44px; }
  .reaction { justify-content: center; }
  .actions { margin-block: -.25em -.5em; }
  .reactions { margin-inline-start: 0; }
  .send { min-height: 44px; }
  .when { padding-block: .75em; margin-block: -.75em; }
}
@media (prefers-reduced-motion: reduce) { * { transition: none !important; } }
@media (forced-colors: active) {
    .avatar, .send, .fresh, .reaction span { border: 1px solid; }
  .postil button[aria-pressed="true"] { forced-color-adjust: none; color: HighlightText; background: Highlight; }
}
`;

const made = new Map();

/** Puts a stylesheet, the block's own or that of a part, into a shadow root, once; it is shared by every block on the page. */
export function dress(root, css = CSS) {
  if (!made.has(css)) {
    const sheet = new CSSStyleSheet();
    sheet.replaceSync(css);
    made.set(css, sheet);
  }
  const worn = root.adoptedStyleSheets;
  if (!has(worn, made.get(css))) root.adoptedStyleSheets = [...worn, made.get(css)];
}
