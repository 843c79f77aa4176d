// Votes and reactions: what readers do with a word of others.

/**
 * @param {object} tools what the first file lends, see parts.js
 * @returns {{vote: Function, react: Function}}
 */
export function begin({ conversation }) {
  const { client } = conversation;
  let last = Promise.resolve();

  /** One after another: of two at once, the service might keep the first. */
  const inTurn = (method, path, o) => {
    const answer = last.then(() => client.act(method, path, { ...o, asGuest: true }));
    last = answer.catch(() => {});
    return answer;
  };

  return {
    /** Counts at once, and takes it back if it is refused. */
    async vote({ id }, value) {
      const { model } = conversation;
      const { votes } = model.get(id);
      const before = model.mine(id)?.vote ?? 0;
      const show = (counted, vote) => {
        model.patch(id, { votes: counted });
        model.setMine(id, { vote });
        conversation.view.sync();
      };
      const more = (side) => (value === side) - (before === side);
      show({ ...votes, up: votes.up + more(1), down: votes.down + more(-1) }, value);
      try {
        const answer = await inTurn('PUT', `comments/${id}/vote`, { body: { value } });
        show(answer.votes, answer.vote);
      } catch (error) {
        show(votes, before);
        throw error;
      }
    },

    async react({ id }, emoji, on) {
      const path = `comments/${id}/reactions/${encodeURIComponent(emoji)}`;
      const { reactions, mine } = await inTurn(on ? 'PUT' : 'DELETE', path);
      const { model } = conversation;
      model.patch(id, { reactions });
      model.setMine(id, { reactions: mine });
      conversation.view.sync();
    },
  };
}
