// The looks of a card.

export const CSS = `
.postil.card {
  position: absolute; inset: 0 auto auto 0; margin: 0; padding: 0; border: 1px solid color-mix(in srgb, currentColor 22%, transparent); z-index: 2147483000;
  width: min(25rem, calc(100vw - 16px)); height: auto; max-height: min(34rem, 85vh); overflow: auto; overscroll-behavior: contain;
  color: var(--text); background: var(--paper); border-radius: 10px; box-shadow: 0 8px 32px #0003, 0 1px 4px #0002; font-size: .9375rem;
}
.card section { padding: 1em 1.125em 1.125em; display: grid; gap: .875em; }
.card header { display: flex; align-items: start; gap: .75em; }
.title { flex: 1; font-size: 1.0625em; font-weight: 650; line-height: 1.35; }
.kind { display: block; font-size: .8125rem; font-weight: 500; color: var(--muted); margin-block-end: .125em; }
.close { flex: none; min-width: 2em; height: 2em; margin: -.375em 0 0; margin-inline-end: -.5em; padding: 0 !important; }
.close::before { content: "×"; font-size: 1.75em; line-height: 1; }
.card .quoted { margin: 0; }
.card ul { list-style: none; margin: 0; padding: 0; display: grid; gap: .75em; }
.said { font-size: .9375em; }
.choose { display: block; width: 100%; text-align: start; border: 0; border-radius: 6px; padding: .625em .75em; background: var(--tint); line-height: 1.45; }
.choose:hover { background: color-mix(in srgb, var(--accent) 14%, transparent); }
.all { justify-self: start; margin-inline-start: -.5em; }
.card .form { border-block-start: 1px solid var(--line); padding-block-start: .875em; }
.card textarea { min-height: 4.5em; }
@media (any-pointer: coarse), (max-width: 30rem) {
  .choose { min-height: 44px; }
  .close { min-width: 44px; margin-block-start: -.75em; }
}
`;
