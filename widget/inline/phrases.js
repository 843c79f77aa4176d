// What is said beside the text, in English; locales/ has the same keys in other languages.

export const ENGLISH = {
  remark: 'Comment on this',
  remark_hint: 'Press Tab to comment on the selected words.',
  too_much: 'At most {n} characters can be commented on',
  passage: 'Comment on a passage',
  question: 'Question',
  'answers.one': '{n} answer',
  'answers.other': '{n} answers',
  'notes.one': '{n} comment on these words',
  'notes.other': '{n} comments on these words',

  inline: 'Inline feedbacks',
  all_comments: 'View all comments',
  passages: 'Passages with comments',
  to_place: 'Show in the text',
  then: 'The text said then:',
  on_text: 'A remark on the text',
  waiting: 'Not found on the page yet: only you and the moderators read these words.',
  struck: 'Removed by the publisher',
};
