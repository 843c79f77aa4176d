// Lists without the methods of arrays, which the page may have replaced: what an old library calls `filter` or `flat` need
// not do what browsers do. Loops, spreading and indices are the language's own. A test breaks the methods and looks.

/** What `each` makes of every item. */
export function map(list, each) {
  const made = [];
  for (const item of list) made[made.length] = each(item);
  return made;
}

/** The items that `wanted` holds of. */
export function filter(list, wanted) {
  const left = [];
  for (const item of list) if (wanted(item)) left[left.length] = item;
  return left;
}

/** Whether the item is among them. */
export function has(list, wanted) {
  for (const item of list) if (item === wanted) return true;
  return false;
}

/** All but this one. */
export const without = (list, unwanted) => filter(list, (item) => item !== unwanted);
