// The looks of what comes with writing, added to those of the block.

export const CSS = `
.form :is(input, textarea)[aria-invalid="true"] { border-color: color-mix(in oklab, #d22b30 70%, currentColor); }
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
[aria-busy] > .body { white-space: pre-line; }
.editing > :is(.body, .more) { display: none; }
article .form { margin-block: .75em .25em; }

.aids { display: flex; margin-inline-start: -.4em; }
.aids [aria-pressed="true"], .aids [aria-expanded="true"] { color: var(--ink); background: var(--tint); }
[aria-busy="true"].quiet { opacity: .6; }
[data-draft]::after { content: " · " attr(data-draft); color: var(--ink); }

@media (any-pointer: coarse), (max-width: 30rem) {
  .who input { min-height: 44px; }
  .check { min-height: 44px; }
}
`;
