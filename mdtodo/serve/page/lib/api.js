// Requests to the server that this page came from, and to no other.

const BASE = new URL('api/v1/', document.baseURI);

/** What a request came to when it was refused (RFC 9457), or when nobody answered (status 0). */
export class Problem extends Error {
  constructor(status, title, detail, retryAfter = null) {
    super(detail || title);
    Object.assign(this, { status, title, detail, retryAfter });
  }
}

export function address(path, query = {}) {
  const url = new URL(path, BASE);
  for (const [name, value] of Object.entries(query)) {
    if (value !== null && value !== undefined && value !== '') url.searchParams.set(name, value);
  }
  return url;
}

/** The answer to a request; a status of 400 or above is a Problem. `etag` goes along as the condition. */
export async function ask(method, path, { query, body, etag, known, signal } = {}) {
  const headers = { Accept: 'application/json' };
  if (body !== undefined) headers['Content-Type'] = 'application/json';
  if (etag) headers['If-Match'] = etag;
  if (known) headers['If-None-Match'] = known;
  const answer = await reach(address(path, query), {
    method, headers, signal, cache: 'no-store', credentials: 'same-origin', redirect: 'error',
    body: body === undefined ? undefined : JSON.stringify(body),
  });
  if (answer.status >= 400) throw await problem(answer);
  return answer;
}

async function reach(url, options) {
  try {
    return await fetch(url, options);
  } catch (error) {
    if (error.name === 'AbortError') throw error;
    throw new Problem(0, 'No answer', 'The server does not answer.');
  }
}

async function problem(answer) {
  let said = {};
  try {
    said = await answer.json();
  } catch { /* a proxy answers in words of its own */ }
  const title = said.title || answer.statusText || `Status ${answer.status}`;
  return new Problem(answer.status, title, said.detail || title, answer.headers.get('Retry-After'));
}

/** The JSON of an answer, null where it has none. */
export async function json(answer) {
  return answer.status === 204 || answer.status === 304 ? null : answer.json();
}

export const taskPath = (task, rest = '') => `tasks/${encodeURIComponent(task.id)}${rest}`;
export const projectOf = (task) => (task.project ? { project: task.project } : {});
