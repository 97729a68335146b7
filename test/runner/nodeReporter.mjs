/** A reporter of node:test that prints one JSON object per test, after a marker, so that other output cannot mix in. */
// biome-ignore lint/style/noDefaultExport: node:test takes the default export of a reporter module
export default async function* report(source) {
  for await (const event of source) {
    if (event.type !== 'test:pass' && event.type !== 'test:fail') continue;
    const { name, details, skip, todo, nesting } = event.data;
    const record = {
      name,
      nesting,
      suite: details.type === 'suite',
      outcome: skip !== undefined ? 'skipped' : event.type === 'test:pass' ? 'passed' : 'failed',
      milliseconds: details.duration_ms,
    };
    if (todo !== undefined && record.outcome === 'failed') record.outcome = 'skipped';
    if (event.type === 'test:fail') record.error = describe(details.error);
    yield `\u0001${JSON.stringify(record)}\n`;
  }
}

function describe(error) {
  const cause = error?.cause ?? error;
  return cause?.stack ?? String(cause);
}
