// Proof of work: a challenge is taken up while the reader writes, and what solves it goes with the comment.

import { solve } from './solve.js';

// Nobody needs to know of what takes no longer.
const UNNOTICED = 2_000;
// What would expire on its way is of no use.
const MARGIN = 60_000;

/**
 * @param {object} lent what the first file lends, see parts.js
 * @returns {{prepare: () => void, send: Function}}
 */
export function begin({ conversation }) {
  const { client, place, t } = conversation;
  let current = null;

  const take = async () => {
    const challenge = await client.act('GET', `challenges?site=${place.site}`);
    const until = challenge.parameters.expiresAt * 1000 - MARGIN;
    return { until, work: await solve(challenge, conversation.ended) };
  };
  /** The solution at hand, or that of a new challenge. */
  const solution = async () => {
    const mine = (current ??= take());
    try {
      const { until, work } = await mine;
      if (Date.now() + client.skew < until) return work;
    } catch (error) {
      if (mine === current) current = null;
      throw error;
    }
    if (mine === current) current = null;
    return solution();
  };

  /** Whether the site wants it of this reader, whatever they write. */
  const isWanted = () => {
    const { policy, person } = conversation.model;
    return policy.proof_of_work === 'guests' && (person?.kind ?? 'guest') === 'guest';
  };

  return {
    /** Begins, unless it has begun. What fails now is tried again when it is needed. */
    prepare() {
      if (isWanted()) solution().catch(() => {});
    },

    /**
     * Sends with work where it is wanted, and once more where the service does not take it.
     * @param {(work?: string) => Promise<object>} post
     */
    async send(post) {
      if (!isWanted()) {
        try {
          return await post();
        } catch (error) {
          if (error.code !== 'work_required') throw error;
        }
      }
      const late = setTimeout(() => conversation.view.announce(t('sending')), UNNOTICED);
      const attempt = async () => {
        const work = await solution();
        const made = await post(work);
        current = null;
        return made;
      };
      try {
        return await attempt().catch((error) => {
          if (!/^work_/.test(error.code)) throw error;
          current = null;
          return attempt();
        });
      } finally {
        clearTimeout(late);
      }
    },
  };
}
