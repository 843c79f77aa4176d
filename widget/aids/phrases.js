// What is said only to those who ask what Markdown can do, in English; locales/ has the same keys in other languages.

export const ENGLISH = {
  'md.em': 'emphasis',
  'md.strong': 'strong',
  'md.link': 'link',
  'md.quote': 'quote',
  'md.list': 'list',
  'md.code': 'code',
};
