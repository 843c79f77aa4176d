// How the comment that a link led to looks.

export const CSS = `
.marked { --mark: color-mix(in srgb, var(--accent) 10%, transparent); box-shadow: 0 0 0 8px var(--mark); background: var(--mark); }
@media (forced-colors: active) { .marked { outline: 2px solid Highlight; } }
`;
