// What only some readers need comes on demand. A part imports nothing that the first file holds: the two would then share a
// third file, for which every page would wait. It is handed what it needs instead.

import { ApiError } from './api.js';

const PARTS = {
  aids: () => import('./aids/aids.js'),
  anchors: () => import('./anchors/anchors.js'),
  compose: () => import('./compose/compose.js'),
  inline: () => import('./inline/inline.js'),
  live: () => import('./live/live.js'),
  opinion: () => import('./opinion/opinion.js'),
  remark: () => import('./remark/remark.js'),
  mail: () => import('./mail/mail.js'),
  moderate: () => import('./moderate/moderate.js'),
  notify: () => import('./notify/notify.js'),
  remove: () => import('./remove/remove.js'),
  refuse: () => import('./refuse/refuse.js'),
  seek: () => import('./seek/seek.js'),
  work: () => import('./work/work.js'),
};

/**
 * Begins parts, each once, and again where it did not come.
 * @param {object} tools what each part's `begin` is given
 * @returns {(name: string) => Promise<object>} gives what `begin` gave
 */
export function parts(tools) {
  const begun = {};
  return (name) =>
    (begun[name] ??= PARTS[name]().then(
      ({ begin }) => begin(tools),
      () => {
        begun[name] = null;
        throw new ApiError({ code: 'part' });
      },
    ));
}
