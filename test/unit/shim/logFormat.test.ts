import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { formatLine, formatTime, quote } from '../../../src/shim/logFormat.ts';

const AT = Date.UTC(2026, 10, 21, 7, 5, 3, 42);
const TIME = formatTime(AT, 0);

describe('formatLine', () => {
  const cases: readonly [name: string, line: string, expected: string][] = [
    [
      'bare message',
      formatLine(TIME, 'info', 'starting', {}),
      `time="${TIME}" level=info msg=starting\n`,
    ],
    [
      'warn is written in full, other keys are sorted after msg',
      formatLine(TIME, 'warn', 'two words', {
        zeta: 1,
        alpha: 'x',
        error: new Error('no such file'),
      }),
      `time="${TIME}" level=warning msg="two words" alpha=x error="no such file" zeta=1\n`,
    ],
    [
      'characters that need no quotes',
      formatLine(TIME, 'debug', 'aZ09-._/@^+', {}),
      `time="${TIME}" level=debug msg=aZ09-._/@^+\n`,
    ],
    [
      'an empty message is left out, an empty value printed bare',
      formatLine(TIME, 'error', '', { id: '' }),
      `time="${TIME}" level=error id=\n`,
    ],
    [
      'reserved keys are prefixed',
      formatLine(TIME, 'fatal', 'm', { level: 3, msg: 'x', time: 'y' }),
      `time="${TIME}" level=fatal msg=m fields.level=3 fields.msg=x fields.time=y\n`,
    ],
    [
      'values of other types',
      formatLine(TIME, 'trace', 'm', {
        big: 18446744073709551615n,
        list: [1, 'a', 2n],
        nothing: null,
        missing: undefined,
        ok: true,
      }),
      `time="${TIME}" level=trace msg=m big=18446744073709551615 list="[1,\\"a\\",\\"2\\"]" nothing="<nil>" ok=true\n`,
    ],
  ];
  for (const [name, line, expected] of cases) test(name, () => assert.equal(line, expected));

  test('a value that refers to itself', () => {
    const loop: Record<string, unknown> = {};
    loop.self = loop;
    assert.match(formatLine(TIME, 'info', 'm', { loop }), / loop="\[object Object\]"\n$/);
  });
});

describe("formatTime: the zone's own time, nine digits", () => {
  const zones: readonly [secondsEast: number, expected: string][] = [
    [0, '2026-11-21T07:05:03.042000000Z'],
    [5.5 * 3600, '2026-11-21T12:35:03.042000000+05:30'],
    [-3.5 * 3600, '2026-11-21T03:35:03.042000000-03:30'],
    [14 * 3600, '2026-11-21T21:05:03.042000000+14:00'],
    [-8 * 3600, '2026-11-20T23:05:03.042000000-08:00'],
    [1172, '2026-11-21T07:24:35.042000000+00:19'],
  ];
  for (const [secondsEast, expected] of zones) {
    test(expected, () => assert.equal(formatTime(AT, secondsEast), expected));
  }
});

describe('quote: what strconv.Quote of Go gives', () => {
  const cases: readonly [text: string, expected: string][] = [
    ['', '""'],
    ['plain text', '"plain text"'],
    ['say "hi"', '"say \\"hi\\""'],
    ['back\\slash', '"back\\\\slash"'],
    ['\x07\b\f\n\r\t\v', '"\\a\\b\\f\\n\\r\\t\\v"'],
    ['\0\x1b\x7f', '"\\x00\\x1b\\x7f"'],
    ['Größe 猫 ∑ €', '"Größe 猫 ∑ €"'],
    ['a\u00a0b\u00ad\u200b\u2028\ufeff', '"a\\u00a0b\\u00ad\\u200b\\u2028\\ufeff"'],
    ['\u0080\u009f', '"\\u0080\\u009f"'],
    ['😀', '"😀"'],
    ['\u{e0001}\u{10ffff}', '"\\U000e0001\\U0010ffff"'],
    ['half \ud83d pair', '"half \ufffd pair"'],
  ];
  for (const [text, expected] of cases) {
    test(expected, () => assert.equal(quote(text), expected));
  }
});
