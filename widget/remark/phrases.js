// What only a card says, in English; locales/ has the same keys in other languages.

export const ENGLISH = {
  words: 'Words from the text',
  words_hint: 'Paste or type them as they stand in the text.',
  several: 'Passages here',
  your_answer: 'Your answer',
  no_answers: 'No answers yet. Yours can be the first.',
  view_all: 'View all',
  question_closed: 'This question is closed.',
  close: 'Close',
  'error.words': 'These words are not in the text.',
  'error.words_twice': 'These words stand in the text more than once. Please add the words around them.',
  'error.quote_too_long': 'That is too much of the text: at most {n} characters.',
};
