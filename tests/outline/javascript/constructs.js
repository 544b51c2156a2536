'use strict';
const fs = require('fs');

/**
 * Adds.
 * @param {number} a
 */
function add(a, b) {
  return a + b;
}

export default async function main() {}

var legacy = function () { return add(1, 2); };
let counter = 0;
export const arrow = async (x) => x;
const [first, second] = pair;
function* generate() { yield 1; }

class Shape extends Base {
  static count = 0;
  #secret = () => 1;
  constructor(name) { super(name); }
  get area() { return 0; }
  set area(value) {}
  *[Symbol.iterator]() {}
  async 'quoted name'() {}
  static { Shape.count = 1; }
}

Shape.prototype.grow = function grow(by) {};
exports.helper = () => {};
module.exports = { add, run: function () {}, nested: { deep() {} } };
util.inherits = function () {};

const api = {
  list() {},
  'get-one': async (id) => fetch(`/x/${id}`),
  handlers: { onClick() {} },
};

const Memo = React.memo(function Inner(props) { return <Comp a={1} />; });
describe('thing', () => {
  it('works', async () => { expect(1).toBe(1); });
});
