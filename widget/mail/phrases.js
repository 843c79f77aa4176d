// What is said of signing in by mail, in English; locales/ has the same keys in other languages.

export const ENGLISH = {
  email: 'E-mail',
  cancel: 'Cancel',
  'mail.send': 'Send me a link',
  'mail.sent': 'A link and a code are on their way.',
  'mail.code': 'Code from the letter',
  'mail.earlier': 'With your address, {name} wrote here. Was that you?',
  'mail.join': 'That was me',
  'error.code_invalid': 'This link or code works no longer.',
};
