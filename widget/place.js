// Where an element stands, for the service.

/** What marks a question in the page's text. */
export const PLANTED = '[data-postil-question]';

/** An address, if there is one, as the browser would follow it; what is none is left to the service to refuse. */
export function absolute(address) {
  try {
    return address && new URL(address, document.baseURI).href;
  } catch {
    return address;
  }
}

/** The page's address for the service: what the page calls canonical, else where the reader is, without the fragment. */
export function pageUrl() {
  const link = document.querySelector('link[rel~="canonical"][href]');
  return absolute(link?.href || location.href).replace(/#.*/, '');
}

/** The service that an element asks: its own, or where the script comes from; without a slash at its end. */
export const serviceOf = (element, home) => absolute(element.getAttribute('service') || home).replace(/\/+$/, '');
