// The address: `#/board?q=priority:high&task=3f2a9c1`. Everything that a link should bring back stands in it.

/** `{ view, rest, query }` of an address. */
export function route(hash = location.hash) {
  const [path, query = ''] = hash.replace(/^#\/?/, '').split('?');
  const [view, ...rest] = path.split('/').map((part) => {
    try {
      return decodeURIComponent(part);
    } catch {
      return part;
    }
  });
  return { view: view || 'board', rest: rest.join('/'), query: Object.fromEntries(new URLSearchParams(query)) };
}

export function link(view, rest = '', query = {}) {
  const kept = new URLSearchParams(Object.entries(query).filter(([, value]) => value));
  const tail = kept.size ? `?${kept}` : '';
  return `#/${view}${rest ? `/${encodeURIComponent(rest)}` : ''}${tail}`;
}

/** Go there; `quiet`: in place of this entry of the browser's history. */
export function go(address, { quiet = false } = {}) {
  if (quiet) {
    history.replaceState(null, '', address);
    dispatchEvent(new HashChangeEvent('hashchange'));
  } else location.hash = address;
}

/** The same view with some of its query changed. */
export function turn(changes, options) {
  const { view, rest, query } = route();
  go(link(view, rest, { ...query, ...changes }), options);
}

/** The link to a task's own page. */
export const taskLink = (task) => link('task', task.id, { project: task.project });
