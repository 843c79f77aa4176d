// Times as people say them.

const STEPS = [
  ['minute', 60],
  ['hour', 3600],
  ['day', 86400],
];
const MONTH = 30 * 86400;

/**
 * A formatter for one locale: "3 hours ago" within a month, a date after it.
 * @param {string} locale BCP 47
 * @param {string} now what to say of less than a minute, or of a future that only a wrong clock can see
 */
export function clock(locale, now) {
  const relative = new Intl.RelativeTimeFormat(locale, { numeric: 'auto' });
  const date = new Intl.DateTimeFormat(locale, { dateStyle: 'medium' });
  const exact = new Intl.DateTimeFormat(locale, { dateStyle: 'long', timeStyle: 'short' });
  return {
    exact: (iso) => exact.format(new Date(iso)),
    ago(iso, at = Date.now()) {
      const seconds = (at - Date.parse(iso)) / 1000;
      if (seconds >= MONTH) return date.format(new Date(iso));
      let said = now;
      for (const [unit, size] of STEPS) if (seconds >= size) said = relative.format(-Math.floor(seconds / size), unit);
      return said;
    },
  };
}
