// SPDX-License-Identifier: Apache-2.0
//
// The server's rules for what is typed into forms, in the server's words, so that a mistake is shown
// while it is made. The server has the last word; a test holds the two against each other.

export type Problems = Record<string, string[]>;
export type Rule = (value: unknown) => string | null;

const length = (text: string): number => Array.from(text).length;

export const text =
  (min: number, max: number, more?: (value: string) => string | null): Rule =>
  (value) => {
    if (typeof value !== 'string') return 'must be a string';
    const n = length(value);
    if (n < min || n > max) return min > 0 ? `must be between ${min} and ${max} characters` : `must be at most ${max} characters`;
    return more ? more(value) : null;
  };

export const integer =
  (min: number, max: number): Rule =>
  (value) => {
    if (!Number.isInteger(value)) return 'must be an integer';
    return (value as number) < min || (value as number) > max ? `must be between ${min} and ${max}` : null;
  };

export const number =
  (min: number, max: number): Rule =>
  (value) => {
    if (typeof value !== 'number' || Number.isNaN(value)) return 'must be a number';
    return value < min || value > max ? `must be between ${min} and ${max}` : null;
  };

export const nullable =
  (rule: Rule): Rule =>
  (value) =>
    value === null ? null : rule(value);

const oneLine = (value: string): string | null =>
  // eslint-disable-next-line no-control-regex
  /[\u0000-\u001f\u007f]/.test(value) ? 'must not hold control characters' : null;

const IMAGE =
  /^([A-Za-z0-9]([A-Za-z0-9.-]*[A-Za-z0-9])?(:[0-9]{1,5})?\/)?[a-z0-9]+((\.|_|__|-+)[a-z0-9]+)*(\/[a-z0-9]+((\.|_|__|-+)[a-z0-9]+)*)*$/;
const imageName = (value: string): string | null =>
  IMAGE.test(value) ? null : "must be an image's name such as ghcr.io/acme/report, without tag or digest";
const imageTag = (value: string): string | null =>
  /^[A-Za-z0-9_][A-Za-z0-9_.-]*$/.test(value)
    ? null
    : "must be letters, digits, '_', '.' and '-', beginning with none of the last two";
const imageDigest = (value: string): string | null =>
  /^sha256:[a-f0-9]{64}$/.test(value) ? null : 'must be sha256: and 64 lower-case hex digits';
const containerUser = (value: string): string | null =>
  /^[0-9]{1,9}(:[0-9]{1,9})?$/.test(value) ? null : 'must be a numeric uid or uid:gid';
export const envKey = (value: string): string | null =>
  /^[A-Za-z_][A-Za-z0-9_]*$/.test(value) ? null : "must be letters, digits and '_', not beginning with a digit";

export const RUNNER: Record<string, Rule> = {
  name: text(3, 50, oneLine),
  image_name: text(1, 255, imageName),
  image_tag: text(1, 128, imageTag),
  image_digest: nullable(text(0, 71, imageDigest)),
  run_command: nullable(text(1, 1000)),
  entrypoint: nullable(text(1, 500)),
  timeout_seconds: integer(1, 86400),
  stop_grace_seconds: integer(0, 300),
  pull_timeout_seconds: integer(1, 86400),
  priority: integer(0, 100),
  max_concurrency: nullable(integer(1, 10000)),
  pending_timeout_seconds: nullable(integer(1, 2592000)),
  pids_limit: integer(8, 32768),
  shm_size_mb: integer(1, 65536),
  user: nullable(text(1, 19, containerUser)),
  log_limit_bytes: integer(1024, 68719476736),
};

export const RETRY: Record<string, Rule> = {
  max_attempts: integer(1, 10),
  delay_seconds: integer(0, 86400),
  factor: number(1, 100),
  max_delay_seconds: integer(0, 86400),
  jitter: number(0, 1),
};

export const RUN: Record<string, Rule> = {
  command: nullable(text(1, 4000)),
  entrypoint: nullable(text(1, 500)),
  timeout_seconds: integer(1, 86400),
  priority: integer(0, 100),
};

export const ENV: Record<string, Rule> = {
  env_key: text(1, 255, envKey),
};

const LABEL_KEY = /^[A-Za-z0-9]([A-Za-z0-9._/-]{0,61}[A-Za-z0-9])?$/;

export function labelProblems(name: string, labels: Record<string, string>): Problems {
  const problems: Problems = {};
  const entries = Object.entries(labels);
  if (entries.length > 32) return { [name]: ['must have at most 32 entries'] };
  for (const [key, value] of entries) {
    if (!LABEL_KEY.test(key))
      problems[`${name}.${key}`] = [
        "must have a key of 1 to 63 letters, digits, '.', '_', '/' or '-' that begins and ends with a letter or digit",
      ];
    else if (length(value) > 255) problems[`${name}.${key}`] = ['must be at most 255 characters'];
  }
  return problems;
}

export function argvProblems(argv: string[]): Problems {
  if (argv.length > 200) return { argv: ['must have at most 200 items'] };
  if (argv.reduce((sum, word) => sum + length(word), 0) > 8000) return { argv: ['must have at most 8000 characters in all'] };
  return {};
}

/** Problems of a body's members by name, behind `prefix`. Members without a rule are the server's. */
export function check(rules: Record<string, Rule>, body: Record<string, unknown>, prefix = ''): Problems {
  const problems: Problems = {};
  for (const [name, rule] of Object.entries(rules)) {
    if (!(name in body)) continue;
    const problem = rule(body[name]);
    if (problem) problems[prefix + name] = [problem];
  }
  return problems;
}
