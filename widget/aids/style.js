// The looks of a preview and of the examples, added to those of the block.

export const CSS = `
.preview { max-width: none; margin: 0; padding: .5em .75em; border: 1px dashed var(--edge); border-radius: var(--round); overflow: auto; max-height: 60vh; }
.help {
  display: grid; grid-template-columns: max-content 1fr; gap: .375em 1.25em; align-items: center; margin: 0; padding: .75em 1em;
  font-size: .875em; background: var(--tint); border-radius: var(--round);
}
.help dd, .help blockquote { margin: 0; }
.help code { font-family: ui-monospace, monospace; font-size: .9375em; }
.help blockquote { padding-inline-start: .75em; border-inline-start: 2px solid var(--line); color: var(--muted); }
.help .link { color: var(--ink); text-decoration: underline; text-underline-offset: .15em; }
`;
