// Signing in by mail: asks for the letter, takes its code or what its link brought back, and offers what was written before.

import { ENGLISH } from './phrases.js';

/**
 * @param {object} lent what the first file lends, see parts.js
 * @returns {{ask: (place: Element) => void, redeem: (code: string) => Promise<void>}}
 */
export function begin({ h, set, fill, explain, isolated, conversation }) {
  const t = conversation.t.with(ENGLISH);
  const { client, place } = conversation;
  let made = 0;

  const field = (label, props) => {
    const id = `m${(made += 1)}`;
    const input = h('input', { id, part: 'input', required: true, ...props });
    return [input, h('div', { class: 'field' }, h('label', { for: id }, label), input)];
  };
  /** A form that says what went wrong with it. */
  const form = (label, work, ...fields) => {
    const problem = h('p', { class: 'error', role: 'alert', hidden: true });
    const button = h('button', { type: 'submit', class: 'send', part: 'button' }, label);
    const element = h('form', { class: 'form', novalidate: true }, ...fields, problem, h('div', { class: 'foot' }, button));
    element.addEventListener('submit', async (event) => {
      event.preventDefault();
      if (button.getAttribute('aria-disabled')) return;
      set(button, 'aria-disabled', 'true');
      problem.hidden = true;
      try {
        await work();
      } catch (error) {
        fill(problem, explain(t, error));
        problem.hidden = false;
      }
      set(button, 'aria-disabled', null);
    });
    return element;
  };

  const verify = async (body) => {
    await client.act('POST', 'identity/email/verify', { body: { site: place.site, ...body } });
    await conversation.known();
    await offer();
  };

  /** What was written under the same address; nothing of it is the reader's unless they say so. */
  const offer = async () => {
    const { items } = await client.act('GET', 'identity/earlier');
    for (const guest of items) {
      const done = () => (line.remove(), conversation.view.focusHeading());
      const join = async () => {
        await client.act('POST', 'identity/earlier', { body: { guests: [guest.id] } });
        done();
        await conversation.known();
      };
      const button = (words, onclick) => h('button', { type: 'button', class: 'quiet', onclick }, words);
      const name = isolated(guest.name ?? t('guest'));
      const line = h('p', { class: 'notice' }, t('mail.earlier', { name }), ' ', button(t('mail.join'), join), ' ', button(t('cancel'), done));
      conversation.view.write.before(line);
    }
  };

  return {
    /** Asks for an address in this place. */
    ask(where) {
      const [email, asked] = field(t('email'), { type: 'email', autocomplete: 'email', dir: 'auto', maxlength: 254 });
      const send = async () => {
        const { site, url } = place;
        const { request } = await client.act('POST', 'identity/email', { body: { site, url, email: email.value.trim() } });
        const [code, typed] = field(t('mail.code'), { inputmode: 'numeric', autocomplete: 'one-time-code', maxlength: 7 });
        fill(where, h('p', {}, t('mail.sent')), form(t('sign_in'), async () => {
          await verify({ request, code: code.value });
          fill(where);
        }, typed));
        conversation.view.announce(t('mail.sent'));
        code.focus();
      };
      fill(where, form(t('mail.send'), send, asked));
      email.focus();
    },

    /** Signs in by what the mailed link brought back in the page's address. */
    async redeem(code) {
      try {
        await verify({ code });
      } catch (error) {
        conversation.view.fail(explain(t, error));
      }
    },
  };
}
