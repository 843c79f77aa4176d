// Signing in and out: by the page's own way, or by mail. Asks for the letter, takes its code or what its link brought back, and offers
// what was written before. No token is taken from a link by a browser that did not ask for it, unless its reader says so.

import { letters } from './asked.js';
import { ENGLISH } from './phrases.js';
import { CSS } from './style.js';
import { WORDS } from './words.js';

let made = 0;

/**
 * @param {object} lent what the first file lends, see parts.js
 * @returns {{look: () => void, redeem: (code: string) => Promise<void>}}
 */
export function begin({ h, set, fill, filter, map, dress, explain, isolated, conversation }) {
  const { client, place } = conversation;
  const { identity } = client;
  const { element, notice } = conversation.view;
  const { language } = new Intl.Locale(element.closest('[lang]').lang);
  const t = conversation.t.with({ ...ENGLISH, ...(WORDS[language] ?? WORDS.en) });
  const site = `${place.service}:${place.site}`;
  const asked = letters(site, () => Date.now() + client.skew);
  const declined = `postil-left:${site}`;
  // The guest who was left behind for now.
  let left;
  let drawn;
  let offered;
  dress(element.getRootNode(), CSS);

  // Beside the notice, which stays when the thread is drawn anew.
  const question = h('div');
  const offers = h('div');
  const account = h('div');
  notice.after(h('div', { class: 'enter' }, question, offers, account));
  const announce = (words) => conversation.view.announce(words);
  const called = ({ name }) => isolated(name ?? t('guest'));
  /** Whoever is signed in, in whichever way. */
  const member = () => (client.reader?.kind === 'guest' ? null : client.reader);
  const standing = (person) => (person.name ? t('mail.in_as', { name: isolated(person.name) }) : t('mail.in'));
  /** Leads the reader on from what is there no more. */
  const lead = () => (offers.firstChild ? offers.firstChild.focus() : conversation.view.focusHeading());

  const button = (words, onclick, look = 'quiet') => h('button', { type: 'button', class: look, part: look === 'send' && 'button', onclick }, words);
  const complaint = () => h('p', { class: 'error', role: 'alert', hidden: true });
  /** Does it once at a time, and says there what went wrong. */
  const attempt = async (pressed, problem, work) => {
    if (pressed.getAttribute('aria-disabled')) return;
    set(pressed, 'aria-disabled', 'true');
    problem.hidden = true;
    try {
      await work();
    } catch (error) {
      fill(problem, explain(t, error));
      problem.hidden = false;
    }
    set(pressed, 'aria-disabled', null);
  };
  const field = (label, props) => {
    const id = `m${(made += 1)}`;
    const input = h('input', { id, part: 'input', required: true, ...props });
    return [input, h('div', { class: 'field' }, h('label', { for: id }, label), input)];
  };
  const form = (label, work, ...fields) => {
    const problem = complaint();
    const send = h('button', { type: 'submit', class: 'send', part: 'button' }, label);
    const submit = (event) => {
      event.preventDefault();
      attempt(send, problem, work);
    };
    return h('form', { class: 'form', novalidate: true, onsubmit: submit }, ...fields, problem, h('div', { class: 'foot' }, send));
  };
  /** A question: how it is called, what there is to know, and a button for either answer. */
  const ask = (words, notes, [yes, work], [no, leave]) => {
    const id = `m${(made += 1)}`;
    const problem = complaint();
    const act = button(yes, () => attempt(act, problem, work), 'send');
    const about = { role: 'group', tabindex: -1, 'aria-labelledby': id, 'aria-describedby': `${id}-notes` };
    const told = h('div', { id: `${id}-notes` }, ...map(notes, (note) => h('p', {}, note)));
    return h('div', { class: 'notice asks', ...about }, h('p', { id }, words), told, problem, h('div', { class: 'foot' }, act, button(no, leave)));
  };

  const verify = async (body, request) => {
    await client.post('identity/email/verify', { site: place.site, ...body });
    asked.forget(request);
    leave(null);
    fill(question);
    await conversation.known();
    look();
    announce(standing(client.reader));
    if (client.reader.kind !== 'email') return;
    // What was written under the same address is the reader's only if they say so.
    const { items } = await client.act('GET', 'identity/earlier').catch(() => ({ items: [] }));
    for (const { id, name } of items) {
      const words = t('mail.earlier', { name: called({ name }) });
      if (id !== identity.guest?.person.id) offer(id, words, t('mail.join'), () => ({ guests: [id] }));
    }
  };

  /** Remembers which guest is not to be asked about again, until somebody signs in anew. */
  const leave = (guest) => {
    left = guest;
    try {
      if (guest) localStorage.setItem(declined, guest);
      else localStorage.removeItem(declined);
    } catch {}
  };
  const isLeft = (guest) => {
    try {
      return (left ?? localStorage.getItem(declined)) === guest;
    } catch {
      return left === guest;
    }
  };

  /** Offers to take along what a guest wrote. `proof` gives what proves it, or nothing where that is settled. */
  const offer = (guest, words, yes, proof, no = () => {}) => {
    for (const line of offers.children) if (line.dataset.guest === guest) return;
    const done = (said) => {
      line.remove();
      announce(said);
      lead();
    };
    const take = async () => {
      const body = proof();
      if (body) await client.act('POST', 'identity/earlier', { body });
      const { guest: own } = identity;
      if (own?.person.id === guest) identity.forget(own);
      await conversation.known();
      done(t('mail.taken'));
    };
    const stay = () => {
      no();
      done(t('mail.stayed'));
    };
    const line = ask(words, [], [yes, take], [t('mail.later'), stay]);
    line.dataset.guest = guest;
    offers.append(line);
  };

  const signOut = async () => {
    try {
      // Never the guest whom one is again when the session is over already.
      if (member()) await client.act('POST', 'identity/signout', { body: {} });
    } catch (error) {
      // The session may be over already.
      if (error.status !== 401) throw error;
    }
    if (member()) identity.forget(identity.held);
    await conversation.known();
    announce(t('mail.left'));
    lead();
  };

  /** The page may send the reader to its own sign-in; left to us, we ask it again who the reader is. */
  const enter = () => conversation.emit('sign-in', { site: place.site }) && conversation.known(true);

  const byMail = () => {
    const [email, row] = field(t('email'), { type: 'email', autocomplete: 'email', dir: 'auto', maxlength: 254 });
    const send = async () => {
      const { site: slug, url } = place;
      const answer = await client.act('POST', 'identity/email', { body: { site: slug, url, email: email.value.trim() } });
      const { request } = answer;
      asked.note(answer);
      // Letters write it in two groups, and what is pasted may have spaces around it.
      const [code, typed] = field(t('mail.code'), { inputmode: 'numeric', autocomplete: 'one-time-code', maxlength: 20 });
      const check = async () => {
        await verify({ request, code: code.value }, request);
        lead();
      };
      fill(account, h('p', {}, t('mail.sent')), form(t('sign_in'), check, typed));
      announce(t('mail.sent'));
      code.focus();
    };
    fill(account, form(t('mail.send'), send, row));
    email.focus();
  };

  /** Who one is here, with the way out; or the ways in, where nobody writes without. */
  const draw = (who) => {
    if (who && who.kind !== 'sso') {
      const problem = complaint();
      const out = button(t('mail.out'), () => attempt(out, problem, signOut));
      return fill(account, h('p', { class: 'member' }, standing(who), ' ', out), problem);
    }
    const shut = who || conversation.view.mode !== 'signin';
    const mailed = conversation.model.policy.email_sign_in && button(t('by_mail'), byMail);
    return fill(account, !shut && h('p', { class: 'member' }, button(t('sign_in'), enter, 'send'), ' ', mailed));
  };

  const look = () => {
    const who = member();
    const now = JSON.stringify([who, conversation.view.mode]);
    // What is being filled in stays.
    if (now !== drawn) draw(who);
    drawn = now;
    if (who?.id !== offered) fill(offers);
    offered = who?.id;
    const { guest } = identity;
    if (who && guest && !isLeft(guest.person.id)) {
      const words = t('mail.own', { name: called(guest.person) });
      const proof = () => identity.guest && { tokens: [identity.guest.token] };
      offer(guest.person.id, words, t('mail.take'), proof, () => leave(guest.person.id));
    }
  };
  // The notice is written anew whenever it is another reader's, or another time: also where there is nothing to say.
  new MutationObserver(look).observe(notice, { childList: true, attributes: true });

  // Who signs out in one tab is not signed in in another.
  const hear = ({ key, oldValue, newValue }) => {
    if (key !== `postil:${site}:in`) return;
    try {
      if (oldValue && !newValue) identity.forget(JSON.parse(oldValue));
    } catch {}
    if (client.reader?.id !== conversation.model.person?.id) conversation.known();
  };
  addEventListener('storage', hear, { signal: conversation.ended });

  return {
    /** Shows who is signed in, or how to, and offers what the guest wrote who was here before. */
    look,

    /** Signs in by what a mailed link brought back in the page's address: unasked only where this browser asked for the letter. */
    async redeem(code) {
      try {
        await client.signOn().catch(() => {});
        const { request, name, address } = await client.post('identity/email/look', { site: place.site, code });
        if (asked.has(request)) return await verify({ code }, request);
        const who = filter([name && isolated(name), address && isolated(address)], Boolean);
        const words = t('mail.who', { name: who[1] ? `${who[0]} (${who[1]})` : who[0] });
        const { reader } = client;
        const now = reader && `${member() ? standing(reader) : t('mail.as', { name: called(reader) })} ${t('mail.instead')}`;
        const sign = async () => {
          await verify({ code }, request);
          lead();
        };
        const stay = () => {
          fill(question);
          announce(t('mail.stayed'));
          conversation.view.focusHeading();
        };
        fill(question, ask(words, filter([t('mail.foreign'), now], Boolean), [t('sign_in'), sign], [t('mail.stay'), stay]));
        question.firstChild.focus();
      } catch (error) {
        conversation.view.fail(explain(t, error));
      }
    },
  };
}
