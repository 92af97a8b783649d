// Elements are made here and nowhere else. Whatever comes from outside becomes a text node or an attribute's value, never markup.

/** Characters that are not seen, but change how others are: control codes, directions of writing, joiners. */
const UNSEEN = /[\u0000-\u0008\u000b-\u001f\u007f-\u009f\u200b-\u200f\u2028-\u202e\u2060-\u206f\ufeff]/g;

/** A text in which nothing hides: such characters stand in it by their number. */
const visible = (text) => String(text).replace(UNSEEN, (character) => `\\u{${character.charCodeAt(0).toString(16)}}`);

/** Makes an element: `h("button", {class: "quiet", on: {click: f}}, "Stop")`. Children are elements, texts, or nothing. */
export function h(tag, attributes = {}, ...children) {
    return fill(document.createElement(tag), attributes, children);
}

/** The same for SVG. */
export function svg(tag, attributes = {}, ...children) {
    return fill(document.createElementNS("http://www.w3.org/2000/svg", tag), attributes, children);
}

function fill(element, attributes, children) {
    for (const [name, value] of Object.entries(attributes)) {
        if (name === "on") {
            for (const [event, listener] of Object.entries(value)) element.addEventListener(event, listener);
        } else if (name === "data") {
            Object.assign(element.dataset, value);
        } else if (value === true) {
            element.setAttribute(name, "");
        } else if (value !== false && value !== null && value !== undefined) {
            element.setAttribute(name, String(value));
        }
    }
    for (const child of children.flat(2)) {
        if (child === null || child === undefined || child === false) continue;
        element.append(child instanceof Node ? child : visible(child));
    }
    return element;
}

/** The element of index.html with this id. */
export const byId = (id) => document.getElementById(id);

/** Sets a text where it differs, so that nothing is laid out again for what has not changed. */
export function setText(element, text) {
    const value = visible(text);
    if (element.textContent !== value) element.textContent = value;
}

/** Sets an attribute where it differs; `null` takes it away. */
export function setAttribute(element, name, value) {
    if (value === null) {
        if (element.hasAttribute(name)) element.removeAttribute(name);
    } else if (element.getAttribute(name) !== String(value)) {
        element.setAttribute(name, String(value));
    }
}

/** Puts children in order, and moves only those that stand elsewhere. Who has the focus keeps it. */
export function arrange(parent, children) {
    const focused = parent.contains(document.activeElement) ? document.activeElement : null;
    let place = parent.firstElementChild;
    for (const child of children) {
        if (child === place) place = place.nextElementSibling;
        else parent.insertBefore(child, place);
    }
    while (place) {
        const next = place.nextElementSibling;
        place.remove();
        place = next;
    }
    if (focused?.isConnected && focused !== document.activeElement) focused.focus({ preventScroll: true });
}

/** A button that says what it does; `label` is for those who do not see the text around it. */
export function button(text, action, { kind = "", label = null, shortcut = null, ...data } = {}) {
    return h(
        "button",
        { type: "button", class: kind, "aria-label": label, "aria-keyshortcuts": shortcut, title: label, data, on: { click: action } },
        text,
    );
}
