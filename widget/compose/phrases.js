// What is said only to those who write, in English; locales/ has the same keys in other languages.

export const ENGLISH = {
  answer: 'Your reply to {name}',
  change: 'Your comment, edited',
  draft: 'draft',
  name: 'Name',
  email: 'E-mail',
  email_note: 'not shown',
  website: 'Website',
  optional: 'optional',
  remember: 'Remember me on this device',
  writing_as: 'Writing as {name}',
  other_name: 'Change',
  send_reply: 'Send reply',
  save: 'Save',
  cancel: 'Cancel',
  left: '{n} left',
  over: '{n} over the limit',

  preview: 'Preview',
  help: 'Formatting',

  posted: 'Your comment is published.',
  held: 'Thank you. Your comment is waiting for approval.',
  saved: 'Your change is saved.',

  ready: 'You can send it now.',
  'error.empty': 'Please write something first.',
  'error.too_long': 'Please shorten this to {n} characters.',
  'error.required': 'Please fill this in.',
  'error.busy': 'The service is busy. Please try again in {n} s.',
  'error.unavailable': 'The service cannot take this just now. Nothing is lost; please try again.',
  'error.thread_closed': 'The comments were closed meanwhile, so this was not sent. Your text is still here.',
};
