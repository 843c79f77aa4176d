// Writing: what the first file's forms and buttons ask of this part. Everything that the first file holds comes with `tools`.

import { composer } from './composer.js';
import { ENGLISH } from './phrases.js';

/**
 * @param {object} tools what the first file lends, see parts.js
 * @returns {{comment: Function, reply: Function, edit: Function, remove: Function}}
 */
export function begin({ conversation, ...lent }) {
  const { client, place } = conversation;
  const tools = { ...lent, conversation, t: conversation.t.with(ENGLISH), drafts: new Map(), author: {} };
  const { t, set, form, isolated } = tools;
  const announce = (text) => conversation.view.announce(text);

  /** Shows what the service made of it, and says so. */
  const settle = (made, said) => {
    conversation.model.own(made);
    conversation.emit('posted', { id: made.id, status: made.status });
    conversation.view.sync();
    conversation.view.comment(made.id)?.focus();
    announce(t(made.status === 'published' ? said : 'held'));
  };

  const post = (entry, key, parent, close) =>
    conversation.quietly(async () => {
      const { url, key: page, title, site } = place;
      const made = await client.act('POST', 'comments', { body: { site, url, key: page, title, parent_id: parent, ...entry }, key });
      close();
      settle(made, 'posted');
    });

  /** Opens a form at a comment, or closes the one that is open there. */
  const open = (it, kind, o) => {
    const opener = it[kind];
    const close = () => {
      it.writing = null;
      it.body.hidden = false;
      for (const one of [it.reply, it.edit]) set(one, 'aria-expanded', 'false');
      it.slot.replaceChildren();
    };
    const was = it.writing;
    close();
    if (was === kind) return;
    it.writing = kind;
    const made = form({ t, label: o.label, action: o.action });
    composer(tools, made, {
      ...o,
      target: `${kind}:${it.id}`,
      close,
      cancel: () => {
        close();
        opener.focus();
      },
    });
    set(opener, 'aria-expanded', 'true');
    it.body.hidden = kind === 'edit';
    it.slot.replaceChildren(made.element);
    made.text.focus();
  };

  return {
    /** Makes the form that the block begins with whole. */
    comment(it) {
      if (it.submit) return;
      composer(tools, it, { target: 'root', asks: true, send: (entry, key, done) => post(entry, key, undefined, done) });
    },

    reply(it) {
      open(it, 'reply', {
        asks: true,
        label: t('answer', { name: isolated(it.name) }),
        action: t('send_reply'),
        send: (entry, key, done) => post(entry, key, it.id, done),
      });
    },

    async edit(it) {
      const known = conversation.model.mine(it.id)?.body;
      // The Markdown is its author's alone: public answers do not carry it.
      const text = known ?? (await client.act('GET', `comments/${it.id}/history`)).items[0].body;
      open(it, 'edit', {
        text,
        label: t('change'),
        action: t('save'),
        send: (entry, key, done) =>
          conversation.quietly(async () => {
            const made = await client.act('PATCH', `comments/${it.id}`, { body: entry });
            done();
            settle(made, 'saved');
          }),
      });
    },

    async remove(it) {
      await client.act('DELETE', `comments/${it.id}`);
      conversation.model.removed(it.id);
      conversation.view.sync();
      announce(t('removed'));
      const left = conversation.view.comment(it.id);
      if (left?.element.isConnected) left.focus();
      else conversation.view.focusHeading();
    },
  };
}
