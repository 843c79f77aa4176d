// Writing: what the first file's forms and buttons ask of this part. Everything that the first file holds comes with `tools`.

import { composer } from './composer.js';
import { Drafts } from './drafts.js';
import { ENGLISH } from './phrases.js';
import { Author } from './signature.js';
import { CSS } from './style.js';

/**
 * @param {object} lent what the first file lends, see parts.js
 * @returns {{comment: Function, reply: Function, edit: Function}}
 */
export function begin(lent) {
  const { conversation, set, form, isolated, randomKey } = lent;
  const { client, place } = conversation;
  const site = `${place.service}:${place.site}`;
  const tools = {
    ...lent,
    t: conversation.t.with(ENGLISH),
    drafts: new Drafts(`${site}:${conversation.model.info.id}`, randomKey),
    author: new Author(site),
    /** Somebody has begun to write: what solves a challenge has the time until they send. */
    prepare: () => priced() && conversation.part('work').then((work) => work.prepare(), () => {}),
  };
  const { t, drafts, author } = tools;
  // The forms that are open at comments.
  const open = new Map();
  lent.dress(conversation.view.element.getRootNode(), CSS);

  /** Shows what the service made of it, and says so. */
  const settle = (made, said, sent) => {
    conversation.model.own(made);
    conversation.emit('posted', { id: made.id, status: made.status });
    return (here) => {
      conversation.view.sync();
      if (sent) sent(made);
      else if (here) conversation.view.comment(made.id)?.focus();
      conversation.view.announce(t(made.status === 'published' ? said : 'held'));
    };
  };

  /** A comment as it will be, for the while that sending takes. */
  const foreseen = (entry, key, parent) => {
    const { model } = conversation;
    const { person } = model;
    const id = `sending-${key}`;
    const body = document.createElement('p');
    body.textContent = entry.body;
    return {
      id,
      // Below the last level there is none.
      parent_id: (parent?.depth === model.policy.depth ? parent.parent_id : parent?.id) ?? null,
      root_id: parent?.root_id ?? id,
      depth: parent ? Math.min(parent.depth + 1, model.policy.depth) : 0,
      status: 'sending',
      author: { id: person?.id ?? id, name: author.values.name || person?.name },
      body_html: body.outerHTML.replaceAll('\n', '<br>'),
      votes: {},
      reactions: [],
      reply_count: 0,
      created_at: new Date(Date.now() + client.skew).toISOString(),
    };
  };

  const priced = () => conversation.model.policy.proof_of_work !== 'off';

  const send = (entry, key, about) => {
    const { site: slug, url, key: page, title } = place;
    const post = (work) => client.act('POST', 'comments', { body: { site: slug, url, key: page, title, ...about, ...entry, work }, key });
    return priced() ? conversation.part('work').then((work) => work.send(post)) : post();
  };

  const post = (entry, key, parent) =>
    conversation.quietly(async () => {
      const { model, view } = conversation;
      const shadow = foreseen(entry, key, model.get(parent));
      model.foresee(shadow);
      view.sync();
      view.comment(shadow.id)?.focus();
      try {
        const made = await send(entry, key, { parent_id: parent });
        model.withdraw(shadow.id);
        return settle(made, 'posted');
      } catch (error) {
        model.withdraw(shadow.id);
        view.sync();
        throw error;
      }
    });

  /** Opens a form at a comment, or closes the one that is open there. */
  const write = (it, kind, o) => {
    const target = `${kind}:${it.id}`;
    const was = open.get(it.id);
    if (was) {
      close(it.id);
      if (was.kind === kind) return;
    }
    const made = form({ t, label: o.label, action: o.action });
    open.set(it.id, { kind, element: made.element });
    conversation.model.written.add(it.id);
    composer(tools, made, {
      ...o,
      target,
      close: () => close(it.id),
      cancel(keep) {
        if (!keep && kind === 'edit') drafts.drop(target);
        close(it.id);
        at(it.id)?.[kind].focus();
      },
    });
    dress(it);
    made.text.focus();
  };
  const close = (id) => {
    open.get(id).element.remove();
    open.delete(id);
    conversation.model.written.delete(id);
    if (at(id)) dress(at(id));
  };
  const at = (id) => conversation.view.comment(id);

  /** What this part adds to a comment, also to one that has been drawn anew. */
  const dress = (it) => {
    const { kind, element } = open.get(it.id) ?? {};
    for (const one of ['reply', 'edit']) {
      set(it[one], 'aria-expanded', String(kind === one));
      // A draft that is not on show says that it is there.
      set(it[one], 'data-draft', kind !== one && drafts.get(`${one}:${it.id}`) ? t('draft') : null);
    }
    it.article.classList.toggle('editing', kind === 'edit');
    if (element && element.parentNode !== it.slot) it.slot.replaceChildren(element);
  };
  conversation.view.adorn(dress);

  return {
    /** Makes the form that the block begins with whole. */
    comment(it) {
      if (!it.submit) composer(tools, it, { target: 'root', own: true, send: post });
    },

    /** The same for a comment on a passage, which the reader sees where they write it: `sent` is given it. */
    remark(it, { draft, about, sent }) {
      composer(tools, it, {
        target: draft,
        own: true,
        send: (entry) =>
          conversation.quietly(async () => {
            const passage = about();
            const key = drafts.key(draft, JSON.stringify([{ ...entry, form: 0 }, passage]));
            return settle(await send(entry, key, passage), 'posted', sent);
          }),
      });
    },

    reply(it) {
      write(it, 'reply', {
        own: true,
        label: t('answer', { name: isolated(it.name) }),
        action: t('send_reply'),
        send: (entry, key) => post(entry, key, it.id),
      });
    },

    async edit(it) {
      const known = conversation.model.mine(it.id)?.body;
      // The Markdown is its author's alone: public answers do not carry it.
      const text = known ?? (await client.act('GET', `comments/${it.id}/history`)).items[0].body;
      write(it, 'edit', {
        text,
        label: t('change'),
        action: t('save'),
        send: (entry) => conversation.quietly(async () => settle(await client.act('PATCH', `comments/${it.id}`, { body: entry }), 'saved')),
      });
    },
  };
}
