// How signing in looks.

export const CSS = `
.enter, .enter > div { display: grid; gap: .875em; }
.enter > :empty { display: none; }
.enter:has(> :not(:empty)) { margin-block-end: 1.25em; }
.notice:not([hidden]) + .enter { margin-block-start: .875em; }
.enter .form input { width: 100%; max-width: 24em; min-height: 2.5em; padding: .375em .75em; border: 1px solid var(--edge); border-radius: var(--round); background: transparent; }
.asks { display: grid; gap: .625em; }
.asks > :first-child { font-weight: 600; }
.asks:focus { outline: 2px solid var(--ink); outline-offset: 2px; }
.enter .quiet { font-size: .9375em; text-decoration: underline; color: inherit; }
.member { display: flex; flex-wrap: wrap; align-items: baseline; gap: 0 .5em; font-size: .875em; }
@media (any-pointer: coarse), (max-width: 30rem) { .enter .form input { min-height: 44px; } }
`;
