// A long list of which only what is in sight is in the document.

const MARGIN = 400; // pixels drawn above and below

export class VirtualList {
  /** `draw(item)` gives the element; `height(item)` its height in pixels, gap included; `key(item)` its identity;
      `signature(item)` changes when it must be drawn anew. */
  constructor(scroller, { draw, height, key, signature, label }) {
    Object.assign(this, { scroller, drawItem: draw, height, key, signature });
    this.items = [];
    this.offsets = [0];
    this.shown = new Map();
    this.list = document.createElement('div');
    this.list.className = 'virtual';
    this.list.setAttribute('role', 'list');
    this.list.setAttribute('aria-label', label);
    scroller.append(this.list);
    scroller.addEventListener('scroll', () => this.draw(), { passive: true });
    this.observer = new ResizeObserver(() => this.draw());
    this.observer.observe(scroller);
  }

  set(items) {
    this.items = items;
    this.measure();
  }

  /** Heights anew, as after the width has changed. */
  measure() {
    let total = 0;
    this.offsets = [0];
    for (const item of this.items) this.offsets.push(total += this.height(item));
    this.list.style.setProperty('height', `${total}px`);
    this.list.hidden = this.items.length === 0;
    this.draw();
  }

  draw() {
    const top = this.scroller.scrollTop - MARGIN;
    const bottom = this.scroller.scrollTop + this.scroller.clientHeight + MARGIN;
    const first = Math.max(0, this.indexAt(top));
    const last = Math.min(this.items.length - 1, this.indexAt(bottom));
    const wanted = new Set();
    for (let index = first; index <= last; index += 1) wanted.add(this.place(index));
    const kept = this.list.contains(document.activeElement) ? document.activeElement.closest('[role=listitem]') : null;
    for (const [key, one] of this.shown) {
      if (wanted.has(key) || (one.element === kept && this.items.some((item) => this.key(item) === key))) continue;
      one.element.remove();
      this.shown.delete(key);
    }
  }

  place(index) {
    const item = this.items[index];
    const key = this.key(item);
    const signature = this.signature(item);
    let one = this.shown.get(key);
    if (!one || one.signature !== signature) {
      const element = this.drawItem(item);
      element.setAttribute('role', 'listitem');
      if (one) this.#exchange(one.element, element);
      else this.list.append(element);
      one = { element, signature };
      this.shown.set(key, one);
    }
    one.element.setAttribute('aria-setsize', this.items.length);
    one.element.setAttribute('aria-posinset', index + 1);
    one.element.style.setProperty('transform', `translateY(${this.offsets[index]}px)`);
    one.element.style.setProperty('height', `${this.height(item)}px`);
    return key;
  }

  /** A new element in place of an old one, which keeps the focus where it was. */
  #exchange(old, element) {
    const held = old.contains(document.activeElement);
    old.replaceWith(element);
    if (held) (element.querySelector('a, button') ?? element).focus({ preventScroll: true });
  }

  indexAt(y) {
    let low = 0;
    let high = this.items.length;
    while (low < high) {
      const middle = (low + high) >> 1;
      if (this.offsets[middle + 1] <= y) low = middle + 1;
      else high = middle;
    }
    return low;
  }

  /** Bring an item into sight; its element. */
  reveal(key) {
    const index = this.items.findIndex((item) => this.key(item) === key);
    if (index < 0) return null;
    const { scrollTop, clientHeight } = this.scroller;
    if (this.offsets[index] < scrollTop) this.scroller.scrollTop = Math.max(0, this.offsets[index] - 8);
    else if (this.offsets[index + 1] > scrollTop + clientHeight) this.scroller.scrollTop = this.offsets[index + 1] - clientHeight + 8;
    this.draw();
    return this.shown.get(key)?.element ?? null;
  }

  stop() {
    this.observer.disconnect();
  }
}
