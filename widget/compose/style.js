// The looks of what comes with writing, added to those of the block.

const CSS = `
[aria-invalid="true"] { border-color: color-mix(in oklab, #d22b30 70%, currentColor); }
label .muted { font-weight: 400; }
.who { display: grid; grid-template-columns: repeat(auto-fit, minmax(min(100%, 10em), 1fr)); gap: .25em .875em; }
/* Fields side by side stay level where one's label takes two lines. */
.who .field { grid-row: span 3; grid-template-rows: subgrid; padding-block-end: .375em; }
.who label { align-self: end; }
.check { display: flex; align-items: center; gap: .5em; width: fit-content; font-weight: 400; cursor: pointer; }
.check input { width: 1.125em; height: 1.125em; margin: 0; accent-color: var(--accent); }
.as, .left { font-size: .8125em; }
.as .quiet { color: inherit; font-size: inherit; text-decoration: underline; }
.left { font-variant-numeric: tabular-nums; }
.left.over { color: color-mix(in oklab, #d22b30 70%, currentColor); font-weight: 600; }
article .form { margin-block: .75em .25em; }

.aids { display: flex; margin-inline-start: -.4em; }
.aids [aria-pressed="true"], .aids [aria-expanded="true"] { color: var(--ink); background: var(--tint); }
[aria-busy="true"].quiet { opacity: .6; }
.preview { max-width: none; margin: 0; padding: .5em .75em; border: 1px dashed var(--edge); border-radius: var(--round); overflow: auto; max-height: 60vh; }
.help {
  display: grid; grid-template-columns: max-content 1fr; gap: .375em 1.25em; align-items: center; margin: 0; padding: .75em 1em;
  font-size: .875em; background: var(--tint); border-radius: var(--round);
}
.help dd, .help blockquote { margin: 0; }
.help code { font-family: ui-monospace, monospace; font-size: .9375em; }
.help blockquote { padding-inline-start: .75em; border-inline-start: 2px solid var(--line); color: var(--muted); }
.help .link { color: var(--ink); text-decoration: underline; text-underline-offset: .15em; }

[data-draft]::after { content: " · " attr(data-draft); color: var(--ink); }

@media (any-pointer: coarse), (max-width: 30rem) {
  .who input { min-height: 44px; }
  .check { min-height: 44px; }
}
`;

const made = new CSSStyleSheet();
made.replaceSync(CSS);

/** Puts them into a shadow root, once. */
export function dressed(root, has) {
  if (!has(root.adoptedStyleSheets, made)) root.adoptedStyleSheets = [...root.adoptedStyleSheets, made];
}
