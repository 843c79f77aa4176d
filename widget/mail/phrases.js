// What is said of signing in that all languages of the block have, in English; locales/ has the same keys. words.js has the rest.

export const ENGLISH = {
  sign_in: 'Sign in',
  by_mail: 'By e-mail',
  email: 'E-mail',
  'mail.send': 'Send me a code',
  'mail.sent': 'A letter with a code is on its way.',
  'mail.code': 'Code from the letter',
  'mail.earlier': 'With your address, {name} wrote here. Was that you?',
  'mail.join': 'That was me',
  'error.code_invalid': 'This link or code works no longer.',
};
