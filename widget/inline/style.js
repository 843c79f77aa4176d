// The looks of what stands beside the text, and of what the notes add to the block.

export const CSS = `
:host(postil-note) {
  all: initial !important; position: absolute !important; display: block !important; width: 0 !important; height: 0 !important;
  color-scheme: var(--scheme) !important; user-select: none !important; -webkit-user-select: none !important;
}
:host(postil-note.over) { inset: 0 auto auto 0 !important; z-index: 1 !important; }
.island { color: var(--text); font: 13px/1.2 var(--font); --tone: color-mix(in oklab, var(--accent) 68%, var(--text)); }
.island [hidden] { display: none; }
.note, .remark, .limit { position: absolute; box-sizing: border-box; margin: 0; border: 0; font: inherit; }
.note {
  display: grid; align-items: center; justify-items: left; min-width: 26px; height: 26px; padding: 0; background: none; cursor: pointer; touch-action: manipulation;
}
.note.far { justify-items: right; }
.island :focus-visible { outline: 2px solid var(--tone); outline-offset: 1px; border-radius: 6px; }
.note span {
  min-width: 10px; padding: 3px 5px; border-radius: 10px 10px 10px 2px; text-align: center; font-weight: 600; font-size: 11.5px; line-height: 14px; color: var(--text); background: color-mix(in oklab, var(--accent) 12%, var(--paper));
  box-shadow: inset 0 0 0 1px color-mix(in srgb, var(--accent) 45%, transparent);
}
.note.asks span { color: var(--on-accent); background: var(--accent); }
.remark, .limit { padding: 8px 12px; border-radius: 8px; white-space: nowrap; box-shadow: 0 2px 12px #0004; }
.remark { font-weight: 600; color: var(--on-accent); background: var(--accent); cursor: pointer; }
.limit { background: var(--paper); }

.quoted { margin: .25em 0 .5em; padding-inline-start: .75em; border-inline-start: 3px solid color-mix(in srgb, var(--accent) 45%, transparent); font-size: .9375em; line-height: 1.45; color: var(--muted); max-width: 65ch; }
.quoted .muted { color: inherit; }
.quoted b { display: block; font-weight: 600; }
.words { display: -webkit-box; -webkit-box-orient: vertical; -webkit-line-clamp: 3; overflow: hidden; color: inherit; text-decoration: none; }
a.words:hover { color: var(--ink); text-decoration: underline; }
.notes { display: flex; flex-wrap: wrap; align-items: center; gap: .25em .5em; margin-block-start: 1.5em; font-size: .875em; }
.pill { border: 1px solid var(--line); border-radius: 99em; padding: .375em .875em; background: none; font-weight: 500; }
.pill[aria-pressed="true"] { border-color: var(--ink); color: var(--ink); background: color-mix(in srgb, var(--accent) 14%, transparent); font-weight: 600; }
.notes .quiet { font-size: 1em; }
.passages { width: 100%; }
summary { cursor: pointer; padding: .375em 0; }
.passages ul { list-style: none; margin: 0; padding: .5em 0; display: grid; gap: .5em; }
.passages li { display: flex; align-items: baseline; justify-content: space-between; gap: 1em; line-height: 1.45; }
.passages .quiet { flex: none; max-width: 45%; text-align: end; }
@media (any-pointer: coarse), (max-width: 30rem) {
  .note { min-width: 44px; height: 44px; }
  .remark { padding-inline: 18px; font-size: 15px; }
  .remark, .pill, .passages a { min-height: 44px; }
  summary { padding-block: .75em; }
}
@media (forced-colors: active) {
  .note span, .remark { border: 1px solid; }
  .pill[aria-pressed="true"] { forced-color-adjust: none; color: HighlightText; background: Highlight; }
}
`;
