import assert from 'node:assert/strict';
import { join } from 'node:path';
import { describe, test } from 'node:test';
import { repository } from '../../support/paths.ts';

const { plainNames }: { plainNames(text: string, path: string): string } = await import(
  join(repository, 'scripts/build/plainNames.mjs')
);

const plain = (text: string): string => plainNames(text, 'example.ts');

describe('private names of classes', () => {
  test('become plain ones, with and without a type, in place', () => {
    assert.equal(
      plain(
        'class Pod {\n  readonly #id: string;\n  get id(): string {\n    return this.#id;\n  }\n}',
      ),
      'class Pod {\n  readonly _id: string;\n  get id(): string {\n    return this._id;\n  }\n}',
    );
  });

  test('of methods, accessors and static members too', () => {
    assert.equal(
      plain(
        'class Pod { #end() {} get #on() { return 1; } static #all = 2; go() { this.#end(); Pod.#all = this.#on; } }',
      ),
      'class Pod { _end() {} get _on() { return 1; } static _all = 2; go() { this._end(); Pod._all = this._on; } }',
    );
  });

  test('are left alone in strings, templates, comments and regular expressions', () => {
    const text = "class Pod { #a = '#a'; b = `#a $" + '{this.#a} #a`; /* #a */ c = /#a/; } // #a';
    assert.equal(plain(text), text.replaceAll('#a =', '_a =').replace('.#a', '._a'));
  });

  test('of a class that extends another are its own', () => {
    assert.equal(
      plain('class Child extends Parent { #state = 1; get state() { return this.#state; } }'),
      'class Child extends Parent { _state_Child = 1; get state() { return this._state_Child; } }',
    );
  });

  test('of a class without a name that extends another are its own', () => {
    const text = plain(
      'const make = (Parent) => [class extends Parent { #a; }, class extends Parent { #a; }];',
    );
    const names = [...text.matchAll(/_a_\w+/g)].map(([name]) => name);
    assert.equal(new Set(names).size, 2);
  });

  test('are those of the class that declares them, where one class lies in another', () => {
    assert.equal(
      plain(
        'class Outer { #a; #b; inner = (o) => class extends Base { #a; go() { return this.#a + o.#b; } }; }',
      ),
      'class Outer { _a; _b; inner = (o) => class extends Base { _a_37; go() { return this._a_37 + o._b; } }; }',
    );
  });

  test('in what a class extends are those of the class around it', () => {
    assert.equal(
      plain('class Outer { #a; inner = () => class Inner extends this.#a { #a; }; }'),
      'class Outer { _a; inner = () => class Inner extends this._a { _a_Inner; }; }',
    );
  });

  test('cannot be asked for with in', () => {
    assert.throws(
      () => plain('class Pod {\n  #a;\n  is(o) { return #a in o; }\n}'),
      /line 3: .*no plain/,
    );
  });

  test('behave as before in a class and its child', () => {
    const text = `
      class Parent { #count = 1; get parents() { return this.#count; } }
      class Child extends Parent { #count = 2; get own() { return this.#count; } }
      const child = new Child();
      return [child.parents, child.own];`;
    const result: unknown = new Function(plain(`function run() {${text}}`).slice(16, -1))();
    assert.deepEqual(result, [1, 2]);
  });
});
