// What helps with writing, for those who ask: how it will look, and what Markdown can do.

import { ENGLISH } from './phrases.js';
import { CSS } from './style.js';

/**
 * @param {object} tools what the first file lends, see parts.js
 * @returns {{preview: Function, help: Function}} each is given the form and the button that asked
 */
export function begin({ h, set, fill, setServerHtml, dress, conversation }) {
  dress(conversation.view.element.getRootNode(), CSS);
  const t = conversation.t.with(ENGLISH);

  const example = (source, made) => [h('dt', {}, h('code', { dir: 'auto' }, source)), h('dd', {}, made)];
  const word = (name) => t(`md.${name}`);
  const examples = () => [
    ...example(`*${word('em')}*`, h('em', {}, word('em'))),
    ...example(`**${word('strong')}**`, h('strong', {}, word('strong'))),
    ...example(`[${word('link')}](https://…)`, h('span', { class: 'link' }, word('link'))),
    ...example(`> ${word('quote')}`, h('blockquote', {}, word('quote'))),
    ...example(`- ${word('list')}`, h('span', {}, `• ${word('list')}`)),
    ...example(`\`${word('code')}\``, h('code', {}, word('code'))),
  ];

  return {
    /** Shows the text as it will look, or the text again. */
    async preview(it, button) {
      const { text } = it;
      if (it.close) return it.close();
      if (!text.value.trim()) return text.focus();
      const { site } = conversation.place;
      const { body_html: html } = await conversation.client.act('POST', 'preview', { body: { site, body: text.value } });
      // Sent meanwhile, or asked for twice.
      if (text.readOnly || it.close) return;
      const shown = h('div', { class: 'body preview', part: 'preview', role: 'region', 'aria-label': button.textContent, tabindex: 0, dir: 'auto' });
      // The height that the text had, so that nothing below it moves.
      shown.style.minHeight = `${text.offsetHeight}px`;
      setServerHtml(shown, html);
      text.after(shown);
      text.hidden = true;
      set(button, 'aria-pressed', 'true');
      it.close = () => {
        it.close = null;
        shown.remove();
        text.hidden = false;
        set(button, 'aria-pressed', 'false');
      };
    },

    /** Shows what can be done, or no longer. */
    help(it, button) {
      const id = `${it.id}-help`;
      let samples = it.field.parentNode.querySelector(`#${id}`);
      if (samples) samples.remove();
      else {
        samples = h('dl', { class: 'help', id });
        fill(samples, ...examples());
        it.field.after(samples);
      }
      const shown = samples.isConnected;
      set(button, 'aria-expanded', String(shown));
      set(button, 'aria-controls', shown && id);
    },
  };
}
