export const $ = id => document.getElementById(id);

/** An element with properties and children. Text stays text. */
export function el(tag, properties = {}, ...children) {
  const element = Object.assign(document.createElement(tag), properties);
  element.append(...children.filter(child => child !== null));
  return element;
}
