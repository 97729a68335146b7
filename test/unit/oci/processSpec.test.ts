import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import fc from 'fast-check';
import { withMember } from '../../../src/oci/jsonMember.ts';
import { processSpec } from '../../../src/oci/processSpec.ts';

describe("an exec's process", () => {
  test('terminal is overridden, and nothing else is touched', () => {
    const limits = '"rlimits":[{"type":"RLIMIT_NOFILE","hard":18446744073709551615,"soft":1e3}]';
    assert.equal(processSpec(`{${limits}}`, false), `{${limits}}`);
    assert.equal(processSpec(`{${limits}}`, true), `{"terminal":true,${limits}}`);
    assert.equal(processSpec('{}', true), '{"terminal":true}');
    assert.equal(
      processSpec(` { "a" : {"terminal":true} , "terminal" : true , ${limits} } `, false),
      ` { "a" : {"terminal":true} , "terminal" : false , ${limits} } `,
    );
    assert.equal(processSpec('{"terminal":null}', true), '{"terminal":true}');
    assert.equal(processSpec('{"termin\\u0061l":false}', true), '{"termin\\u0061l":true}');
  });

  test('what is no JSON object is refused', () => {
    for (const text of ['', 'null', '[]', '1', '{"a":']) {
      assert.throws(() => processSpec(text, true), /^Error: exec: the process is not /);
    }
  });

  test('a member set in any object, printed in any way', () => {
    const names = fc.oneof(fc.constantFrom('terminal', 'a', '"', '{'), fc.string());
    const objects = fc.dictionary(names, fc.jsonValue());
    fc.assert(
      fc.property(objects, fc.constantFrom(0, 1, '\t'), (object, space) => {
        const text = JSON.stringify(object, null, space);
        const changed: unknown = JSON.parse(withMember(text, 'terminal', 'true'));
        assert.deepEqual(changed, { ...(JSON.parse(text) as object), terminal: true });
      }),
    );
  });
});
