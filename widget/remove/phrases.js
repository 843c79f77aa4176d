// What is said only to those who delete, in English; locales/ has the same keys in other languages.

export const ENGLISH = {
  removing: 'This comment is being deleted.',
  undo: 'Undo',
  kept: 'Your comment stays.',
  removed: 'Your comment is deleted.',
};
