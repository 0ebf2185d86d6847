// Lines {"name", "schema", "output"} in; for each "name: what is wrong", or that the schema is none to ajv. Run with tests/node_modules beside it.
import { createRequire } from 'node:module';
import { createInterface } from 'node:readline';

const require = createRequire(process.argv[2]);
const formats = require('ajv-formats').default;
const kinds = { 'draft-04': require('ajv-draft-04').default, '2019-09': require('ajv/dist/2019').default, '2020-12': require('ajv/dist/2020').default };
const ajv7 = require('ajv').default;
let valid = 0, unread = 0, apart = 0;
for await (const line of createInterface({ input: process.stdin })) {
  const { name, schema, output } = JSON.parse(line);
  const kind = Object.keys(kinds).find(version => (schema.$schema ?? 'draft-07').includes(version));
  const ajv = new (kind ? kinds[kind] : ajv7)({ strict: false, logger: false, validateSchema: false, unicodeRegExp: true, addUsedSchema: false });
  formats(ajv);
  let check;
  try {
    check = ajv.compile(schema);
  } catch {
    unread++;
    continue;
  }
  if (check(JSON.parse(output))) {
    valid++;
  } else if (check.errors.every(error => ['format', 'multipleOf'].includes(error.keyword))) {
    // It divides doubles, and has narrower texts for e-mail addresses and URIs than their RFCs; the pipeline's check has exact ones.
    apart++;
  } else {
    console.log(`${name}: ${ajv.errorsText(check.errors)}: ${output}`);
  }
}
console.log(`${valid} valid, ${apart} of which it divides or matches a format otherwise, ${unread} of schemas that ajv does not read`);
