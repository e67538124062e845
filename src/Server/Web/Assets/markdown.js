// Markdown to elements. What a model writes is anybody's text: HTML in it is shown as text but for a few plain tags, pictures
// become links so that nothing is loaded from elsewhere, what is left is sanitized, and the page's Content-Security-Policy stands behind that.
import { marked } from './vendor/marked.js';
import DOMPurify from './vendor/purify.js';

const plainTag = /^<\/?(br|b|i|em|strong|s|sub|sup) *\/?>$/i;

const escape = text => text.replace(/[&<>"']/g, character => `&#${character.charCodeAt(0)};`);

marked.use({
  gfm: true,
  breaks: true,
  async: false,
  renderer: {
    html: ({ text }) => plainTag.test(text.trim()) ? text : escape(text),
    image: ({ href, text }) => `<a href="${escape(href)}">${escape(text || href)}</a>`,
  },
});

const rules = {
  ALLOWED_TAGS: ['a', 'b', 'blockquote', 'br', 'code', 'del', 'em', 'h1', 'h2', 'h3', 'h4', 'h5', 'h6', 'hr', 'i', 'li', 'ol', 'p', 'pre', 's', 'strong', 'sub', 'sup',
    'table', 'tbody', 'td', 'th', 'thead', 'tr', 'ul'],
  ALLOWED_ATTR: ['href', 'start', 'align', 'title'],
  ALLOWED_URI_REGEXP: /^(https?|mailto):/i,
  RETURN_DOM_FRAGMENT: true,
};

/** A fragment that shows the text. */
export function render(text) {
  const fragment = DOMPurify.sanitize(marked.parse(text), rules);
  for (const link of fragment.querySelectorAll('a')) {
    link.target = '_blank';
    link.rel = 'noopener noreferrer';
  }
  return fragment;
}
