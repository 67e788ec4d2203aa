// SPDX-License-Identifier: Apache-2.0
import { useState } from 'preact/hooks';

import { allPages } from '../../api/all_pages';
import { api, take, type Schemas } from '../../api/client';
import { may, session, type Scope } from '../../api/session';
import { useForm } from '../../forms/form';
import { text as textRule } from '../../forms/rules';
import { Badge } from '../../ui/badge';
import { CopyButton } from '../../ui/copy_button';
import { Confirm, Dialog } from '../../ui/dialog';
import { Empty } from '../../ui/empty';
import { CheckField, SelectField, TextField } from '../../ui/field';
import { Icon } from '../../ui/icon';
import { SkeletonRows } from '../../ui/loading';
import { Notice, Problem } from '../../ui/notice';
import { PageHead } from '../../ui/page_head';
import { useResource } from '../../ui/resource';
import { TimeAgo } from '../../ui/time_ago';
import { tell } from '../../ui/toast';

type Token = Schemas['Token'];
type Made = Schemas['TokenCreated'];

const SCOPES: { scope: Scope; may: string }[] = [
  { scope: 'read', may: 'see everything but secrets' },
  { scope: 'run', may: 'trigger, stop and rerun' },
  { scope: 'write', may: 'change runners and registries' },
  { scope: 'env', may: 'change environments' },
  { scope: 'admin', may: 'members, tokens, audit log' },
];

const EXPIRIES = [
  { value: '7', label: 'In a week' },
  { value: '30', label: 'In 30 days' },
  { value: '90', label: 'In 90 days' },
  { value: '365', label: 'In a year' },
  { value: '', label: 'Never' },
];

function loadTokens(signal: AbortSignal): Promise<Token[]> {
  return allPages(async (query) => {
    const answer = await take(api.GET('/v1/tokens', { params: { query }, signal }));
    return { items: answer.tokens, meta: answer.meta };
  });
}

export function TokensPage() {
  const tokens = useResource('tokens', loadTokens, 15_000);
  const [making, setMaking] = useState(false);
  const [made, setMade] = useState<Made | null>(null);
  const [revoking, setRevoking] = useState<Token | null>(null);
  const list = tokens.data;

  const make = (
    <button type="button" class="button primary" onClick={() => setMaking(true)}>
      <Icon name="plus" /> New token
    </button>
  );

  return (
    <>
      <PageHead title="Tokens" lead="For programs: the errand command, CI, your own clients. Give each its own, with no more than it needs.">
        {list?.length !== 0 && make}
      </PageHead>
      <div class="stack">
        {tokens.error !== null && <Problem error={tokens.error} retry={() => void tokens.reload()} />}
        {made && (
          <Notice kind="good">
            <strong>{made.name} is ready. Copy it now: it is never shown again.</strong>
            <div class="row">
              <code class="made">{made.token}</code>
              <CopyButton text={made.token} label="Copy the token" />
            </div>
          </Notice>
        )}
        <div class="card">
          {list?.length === 0 ? (
            <Empty title="No tokens yet" action={make}>
              <p>
                A token stands for you or for this project. Programs send it as <code>Authorization: Bearer …</code>; the errand command reads it from <code>ERRAND_TOKEN</code>.
              </p>
            </Empty>
          ) : (
            <div class="table-box">
              <table>
                <thead>
                  <tr>
                    <th>Name</th>
                    <th class="wide-only">Acts as</th>
                    <th>May</th>
                    <th class="wide-only">Made</th>
                    <th>Expires</th>
                    <th>
                      <span class="visually-hidden">Actions</span>
                    </th>
                  </tr>
                </thead>
                <tbody>
                  {list === undefined ? (
                    <SkeletonRows columns={6} rows={3} />
                  ) : (
                    list.map((token) => (
                      <tr key={token.id}>
                        <td class="cell-title">
                          {token.name} {token.id === session.value?.token_id && <span class="chip">this one</span>}
                        </td>
                        <td class="wide-only">{token.kind === 'project' ? 'This project' : 'You'}</td>
                        <td>{token.scopes.length === SCOPES.length ? 'everything' : token.scopes.map((scope) => <span key={scope} class="chip">{scope}</span>)}</td>
                        <td class="wide-only">
                          <TimeAgo at={token.created_at} />
                        </td>
                        <td>
                          <Expiry at={token.expires_at} />
                        </td>
                        <td class="actions">
                          <button type="button" class="button small danger" aria-label={`Revoke ${token.name}`} onClick={() => setRevoking(token)}>
                            Revoke
                          </button>
                        </td>
                      </tr>
                    ))
                  )}
                </tbody>
              </table>
            </div>
          )}
        </div>
      </div>
      {making && (
        <NewDialog
          onClose={() => setMaking(false)}
          onDone={(token) => {
            setMaking(false);
            setMade(token);
            void tokens.reload();
          }}
        />
      )}
      {revoking && (
        <Confirm
          title={`Revoke ${revoking.name}?`}
          submit="Revoke token"
          act={() => take(api.DELETE('/v1/tokens/{token_id}', { params: { path: { token_id: revoking.id } } }))}
          onClose={() => setRevoking(null)}
          onDone={() => {
            setRevoking(null);
            tell(`${revoking.name} is revoked.`);
            void tokens.reload();
          }}
        >
          <p>Whatever uses it is refused at once. This cannot be undone.</p>
          {revoking.id === session.value?.token_id && <p>It is the token that you are signed in with: you will be signed out.</p>}
        </Confirm>
      )}
    </>
  );
}

function Expiry({ at }: { at: string | null }) {
  if (at === null) return <span class="quiet">never</span>;
  if (Date.parse(at) < Date.now()) return <Badge tone="off">expired</Badge>;
  return <TimeAgo at={at} />;
}

function NewDialog({ onClose, onDone }: { onClose: () => void; onDone: (token: Made) => void }) {
  const allowed = SCOPES.filter(({ scope }) => may(scope));
  const isUser = session.value?.user !== null;
  const form = useForm(
    { name: '', kind: (isUser ? 'user' : 'project') as 'user' | 'project', scopes: ['read', 'run'] as Scope[], days: '90' },
    (values) => {
      const problem = textRule(1, 100)(values.name.trim());
      return { ...(problem && { name: [problem] }), ...(values.scopes.length === 0 && { scopes: ['must be at least one'] }) };
    },
  );
  const { values, set, problems } = form;
  const toggle = (scope: Scope) => set('scopes', values.scopes.includes(scope) ? values.scopes.filter((one) => one !== scope) : [...values.scopes, scope]);

  const save = () =>
    form.submit(async () => {
      const expires_at = values.days === '' ? undefined : new Date(Date.now() + Number(values.days) * 86_400_000).toISOString();
      const answer = await take(api.POST('/v1/tokens', { body: { name: values.name.trim(), kind: values.kind, scopes: values.scopes, ...(expires_at && { expires_at }) } }));
      onDone(answer.token);
    });

  return (
    <Dialog title="New token" submit="Make token" busy={form.busy} onSubmit={() => void save()} onClose={onClose}>
      {form.error !== null && <Problem error={form.error} />}
      <TextField label="Name" required placeholder="ci of the shop" value={values.name} problems={problems('name')} hint="Stands in the audit log and beside each run that it triggers." onInput={(text) => set('name', text)} />
      <div class="form-grid">
        <SelectField
          label="Acts as"
          value={values.kind}
          problems={problems('kind')}
          onInput={(kind) => set('kind', kind as 'user' | 'project')}
          hint={values.kind === 'user' ? 'In every project that you are a member of.' : 'Here only, also when you leave.'}
          choices={[...(isUser ? [{ value: 'user', label: 'You' }] : []), { value: 'project', label: 'This project' }]}
        />
        <SelectField label="Expires" value={values.days} problems={problems('expires_at')} onInput={(days) => set('days', days)} choices={EXPIRIES} />
      </div>
      <fieldset class="group">
        <legend>May</legend>
        {allowed.map(({ scope, may: what }) => (
          <CheckField key={scope} label={scope} hint={what} value={values.scopes.includes(scope)} onInput={() => toggle(scope)} />
        ))}
        {problems('scopes') && <span class="problem">Scopes {problems('scopes')!.join(' ')}.</span>}
      </fieldset>
    </Dialog>
  );
}
