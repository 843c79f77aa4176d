// What is said of being told by mail, in English; locales/ has the same keys in other languages.

export const ENGLISH = {
  email: 'E-mail',
  notify: 'Notify me of',
  'notify.none': 'nothing',
  'notify.replies': 'replies to me',
  'notify.thread': 'all new comments',
  'notify.do': 'Notify me',
  'notify.asked': 'Please confirm this by the link that is mailed to you.',
  'notify.stop': 'Stop',
};
