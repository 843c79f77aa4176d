// What is said only to those who write, in English; locales/ has the same keys in other languages.

export const ENGLISH = {
  answer: 'Your reply to {name}',
  change: 'Your comment, edited',
  hint: 'Markdown works: *emphasis*, > quote, `code`',
  name: 'Name',
  email: 'E-mail',
  email_note: 'not shown',
  website: 'Website',
  optional: 'optional',
  writing_as: 'Writing as {name}',
  other_name: 'Change',
  send_reply: 'Send reply',
  save: 'Save',
  cancel: 'Cancel',
  left: '{n} left',

  posted: 'Your comment is published.',
  held: 'Thank you. Your comment is waiting for approval.',
  saved: 'Your change is saved.',
  removed: 'Your comment is deleted.',

  'error.empty': 'Please write something first.',
  'error.too_long': 'Please shorten this to {n} characters.',
  'error.required': 'Please fill this in.',
};
