// SPDX-License-Identifier: Apache-2.0
//
// The OpenAPI document as a judge of answers: which operation a request is, and everything that is
// wrong with the answer it got.

import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import Ajv2020 from 'ajv/dist/2020.js';
import addFormats from 'ajv-formats';
import { EventStreamCheck } from './event_stream_check.mjs';
import { LineStreamCheck } from './line_stream_check.mjs';

const METHODS = ['get', 'put', 'post', 'delete', 'patch'];
const DOCUMENT = fileURLToPath(new URL('../../../openapi/errand.json', import.meta.url));

/** "~" and "/" inside a JSON pointer. */
const escapePointer = (text) => text.replaceAll('~', '~0').replaceAll('/', '~1');

/** "/v1/runs/{run_id}" as a pattern for request paths. */
function pathPattern(template) {
  const source = template
    .split(/(\{[^}]+\})/)
    .map((part) => (part.startsWith('{') ? '[^/]+' : part.replace(/[.*+?^${}()|[\]\\]/g, '\\$&')))
    .join('');
  return new RegExp(`^${source}$`);
}

/** The path as a server sees it: percent-encoding undone, dot segments resolved. */
function normalizePath(path) {
  try {
    return decodeURIComponent(new URL(path, 'http://localhost').pathname);
  } catch {
    return path;
  }
}

/** One line a problem, with the place in the document that was checked. */
function describeErrors(where, errors) {
  return errors.map((e) => {
    const detail = Object.values(e.params ?? {})
      .flat()
      .join(', ');
    return `${where}${e.instancePath}: ${e.message}${detail ? ` (${detail})` : ''}`;
  });
}

export class Contract {
  #document;
  #ajv;
  #paths;

  constructor(document) {
    this.#document = document;
    this.#ajv = new Ajv2020({ allErrors: true, strict: false });
    addFormats(this.#ajv);
    this.#ajv.addSchema(document, 'api');
    this.#paths = Object.keys(document.paths)
      .map((template) => ({ template, pattern: pathPattern(template) }))
      .sort((a, b) => a.template.split('{').length - b.template.split('{').length);
  }

  static load(file = DOCUMENT) {
    return new Contract(JSON.parse(readFileSync(file, 'utf8')));
  }

  /** Every documented answer as {operation, status}. */
  documentedAnswers() {
    return Object.values(this.#document.paths).flatMap((item) =>
      METHODS.filter((method) => item[method]).flatMap((method) =>
        Object.keys(item[method].responses).map((status) => ({
          operation: item[method].operationId,
          status: Number(status),
        })),
      ),
    );
  }

  /** The operation of a request: {template, methods, operation}; `null` for an unknown path. */
  find(method, path) {
    const found = this.#paths.find(({ pattern }) => pattern.test(normalizePath(path)));
    if (!found) return null;
    const item = this.#document.paths[found.template];
    const name = method === 'HEAD' ? 'get' : method.toLowerCase();
    return {
      template: found.template,
      method: name,
      methods: METHODS.filter((m) => item[m]).map((m) => m.toUpperCase()),
      operation: METHODS.includes(name) ? item[name] : undefined,
    };
  }

  /** A function value -> problems for the schema at `pointer`. */
  validator(pointer) {
    const validate =
      this.#ajv.getSchema(`api${pointer}`) ?? this.#ajv.compile({ $ref: `api${pointer}` });
    return (where, value) => (validate(value) ? [] : describeErrors(where, validate.errors));
  }

  /** The same for a schema that is somewhere in the document. */
  compile(schema) {
    const rebased = JSON.parse(JSON.stringify(schema).replaceAll('"$ref":"#', '"$ref":"api#'));
    const validate = this.#ajv.compile(rebased);
    return (where, value) => (validate(value) ? [] : describeErrors(where, validate.errors));
  }

  schema(name) {
    return this.validator(`#/components/schemas/${name}`);
  }

  /**
   * Start judging one answer from its head. Feed the body with `push(bytes)`, then call
   * `end(complete)`; both return problems, so that a stream is judged while it flows.
   */
  answer({ method, path, status, headers }) {
    return new AnswerCheck(this, { method, path, status, headers });
  }

  /** Resolve a `$ref` of the document: {node, pointer}. */
  resolve(node, pointer) {
    while (node.$ref) {
      pointer = node.$ref;
      node = pointer
        .slice(2)
        .split('/')
        .reduce((at, key) => at[key.replaceAll('~1', '/').replaceAll('~0', '~')], this.#document);
    }
    return { node, pointer };
  }
}

class AnswerCheck {
  #contract;
  #head;
  #chunks = [];
  #stream = null;
  #bodySchema = null;
  /** operationId when the path and method are documented */
  operation = null;
  problems = [];

  constructor(contract, head) {
    this.#contract = contract;
    this.#head = head;
    this.#judgeHead();
  }

  #judgeHead() {
    const { method, path, status, headers } = this.#head;
    if (!headers['x-request-id']) this.problems.push('header X-Request-Id is missing');

    const found = this.#contract.find(method, path);
    if (!found) return this.#expectError('unknown path', [400, 401, 403, 404]);
    if (!found.operation) return this.#expectWrongMethod(found);

    this.operation = found.operation.operationId;
    const response = found.operation.responses[String(status)];
    if (!response) {
      // a stream has no answer to HEAD
      if (method === 'HEAD' && status === 405) return this.#expectWrongMethod(found);
      this.problems.push(`status ${status} is not documented`);
      return undefined;
    }
    const pointer = `#/paths/${escapePointer(found.template)}/${found.method}/responses/${status}`;
    const resolved = this.#contract.resolve(response, pointer);
    this.#judgeHeaders(resolved);
    this.#judgeType(resolved);
    return undefined;
  }

  #expectError(what, statuses) {
    const { status } = this.#head;
    if (!statuses.includes(status)) this.problems.push(`${what} was answered with ${status}`);
    this.#bodySchema = `#/components/schemas/${status === 400 ? 'ValidationError' : 'Error'}`;
    this.#expectType('application/json');
  }

  #expectWrongMethod({ methods }) {
    const { status, headers } = this.#head;
    this.#expectError('undocumented method', [401, 403, 404, 405]);
    if (status !== 405) return;
    const allowed = (headers.allow ?? '').split(',').map((m) => m.trim());
    for (const method of methods) {
      if (!allowed.includes(method)) this.problems.push(`header Allow does not have ${method}`);
    }
  }

  #judgeHeaders({ node, pointer }) {
    for (const [name, reference] of Object.entries(node.headers ?? {})) {
      const header = this.#contract.resolve(reference, `${pointer}/headers/${name}`);
      const sent = this.#head.headers[name.toLowerCase()];
      const value = Array.isArray(sent) ? sent.join(', ') : sent;
      if (value === undefined) {
        if (header.node.required) this.problems.push(`header ${name} is missing`);
      } else {
        const judge = this.#contract.validator(`${header.pointer}/schema`);
        this.problems.push(...judge(`header ${name}`, value));
      }
    }
  }

  #judgeType({ node, pointer }) {
    if (!node.content) return;
    const type = this.#mediaType();
    if (!(type in node.content)) {
      this.problems.push(`content type ${type || '(none)'} is not documented`);
      return;
    }
    this.#bodySchema = `${pointer}/content/${escapePointer(type)}/schema`;
    if (type === 'text/event-stream') {
      this.#stream = new EventStreamCheck(this.#contract.validator(this.#bodySchema));
    } else if (type === 'application/x-ndjson') {
      const isAgents = this.#head.path.startsWith('/agent/');
      this.#stream = new LineStreamCheck(this.#contract.validator(this.#bodySchema), isAgents);
    }
  }

  #mediaType() {
    return (this.#head.headers['content-type'] ?? '').split(';')[0].trim().toLowerCase();
  }

  #expectType(expected) {
    if (this.#mediaType() !== expected) {
      this.problems.push(`content type is ${this.#mediaType() || '(none)'}, not ${expected}`);
    }
  }

  /** Returns the new problems. */
  push(bytes) {
    if (!this.#stream) {
      this.#chunks.push(bytes);
      return [];
    }
    return this.#note(this.#stream.push(bytes));
  }

  /** `complete` is false when the connection broke before the body's end. Returns new problems. */
  end(complete = true) {
    if (!complete || this.#head.method === 'HEAD') return [];
    return this.#note(this.#stream ? this.#stream.end() : this.#judgeBody());
  }

  #note(problems) {
    this.problems.push(...problems);
    return problems;
  }

  #judgeBody() {
    const text = Buffer.concat(this.#chunks).toString('utf8');
    if (!this.#bodySchema)
      return text === '' || this.problems.length ? [] : ['body is not documented'];
    if (this.#mediaType().startsWith('text/')) return [];
    let value;
    try {
      value = JSON.parse(text);
    } catch (error) {
      return [`body is no JSON: ${error.message}`];
    }
    const problems = this.#contract.validator(this.#bodySchema)('body', value);
    if (value.status >= 400 && value.status !== this.#head.status) {
      problems.push(`body says status ${value.status}, the status line ${this.#head.status}`);
    }
    if (value.request_id && value.request_id !== this.#head.headers['x-request-id']) {
      problems.push('request_id differs from the header X-Request-Id');
    }
    return problems;
  }
}
